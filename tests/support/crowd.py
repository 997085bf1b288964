"""Many clients who ask a server all the time, in a process of their own: `python -m tests.support.crowd URL COUNT`."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import openai

_TOKENS = 64
_LONG = 600.0
_AGAIN = 0.5


class Crowd:
    """The clients, as long as they ask.

    Args:
        process: they all.
    """

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._counts: dict[str, int] | None = None

    def end(self) -> dict[str, int]:
        """Let them go, in the middle of their questions.

        Returns:
            How many answers they got, how often they were `turned away` with 429 or 503, and what was `wrong`.
        """
        if self._counts is None:
            told, _ = self._process.communicate()
            self._counts = json.loads(told)
        return self._counts


@contextmanager
def crowd(base_url: str, count: int) -> Iterator[Crowd]:
    """Let clients ask until the block ends.

    Args:
        base_url: whom they ask, with `/v1`.
        count: how many they are.
    """
    command = [sys.executable, "-m", "tests.support.crowd", base_url, str(count)]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        asking = Crowd(process)
        try:
            yield asking
        finally:
            asking.end()


async def _ask(client: openai.AsyncOpenAI, number: int, counts: Counter[str]) -> None:
    """One client: odd ones read their answers as they come."""
    while True:
        try:
            answer = await client.chat.completions.create(
                model="x", messages=[{"role": "user", "content": f"Tell me a long story, number {number}."}],
                max_tokens=_TOKENS, stream=bool(number % 2), extra_body={"ignore_eos": True},
            )  # fmt: skip
            if isinstance(answer, openai.AsyncStream):
                async for _ in answer:
                    pass
            counts["answered"] += 1
        except (openai.RateLimitError, openai.InternalServerError) as error:
            counts["turned away" if error.status_code in (429, 503) else "wrong"] += 1
            await asyncio.sleep(_AGAIN)
        except openai.OpenAIError:
            counts["wrong"] += 1
            await asyncio.sleep(_AGAIN)


async def _main(base_url: str, count: int) -> None:
    counts: Counter[str] = Counter({"answered": 0, "turned away": 0, "wrong": 0})
    async with openai.AsyncOpenAI(base_url=base_url, api_key="no-required", max_retries=0, timeout=_LONG) as client:
        asking = [asyncio.create_task(_ask(client, number, counts)) for number in range(count)]
        await asyncio.to_thread(sys.stdin.read)  # its end is theirs
        told = dict(counts)  # what their going breaks off is nobody's fault
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
    print(json.dumps(told))


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], int(sys.argv[2])))
