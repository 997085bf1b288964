"""Work in a thread that the program's end does not wait for: what asks a network that may have gone silent."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from concurrent import futures
from typing import TypeVar

T = TypeVar("T")


async def unwaited(work: Callable[[], T]) -> T:
    """Do something in a thread of its own, as `asyncio.to_thread` does; who is cancelled leaves it to itself.

    Args:
        work: what to do; its exception is raised here.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(doing: futures.Future[T]) -> None:
        if done.done():
            return
        if error := doing.exception():
            done.set_exception(error)
        else:
            done.set_result(doing.result())

    def run() -> None:
        doing: futures.Future[T] = futures.Future()
        try:
            doing.set_result(work())
        except Exception as error:
            doing.set_exception(error)
        with contextlib.suppress(RuntimeError):  # the loop has ended, and nobody waits
            loop.call_soon_threadsafe(settle, doing)

    threading.Thread(target=run, name="unwaited", daemon=True).start()
    return await done
