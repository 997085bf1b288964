"""What the draft takes of the context: the line, the meter, the table, and the question before it is too much."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.support.scripted import ScriptedEngine
from tests.support.tiny_gguf import write_tiny_gguf
from tests.support.waiting import until
from tui.app.app import LocalLLMApp
from tui.app.rendering.ledger_words import expected, fill, ledger_lines, ledger_table
from tui.app.screens import ledger as ledger_screen
from tui.app.screens.full_context import FullContextScreen, offers
from tui.app.screens.ledger_table import LedgerScreen
from tui.app.status import Phase
from tui.app.widgets.context_meter import context_bar, context_meter
from tui.app.widgets.glyphs import ASCII, UNICODE
from tui.app.widgets.prompt import Prompt
from tui.app.widgets.prompt_row import PromptRow
from tui.app.widgets.status_line import StatusLine
from tui.app.widgets.transcript import Transcript
from tui.core.events import Counted, Timings
from tui.core.prompts import ChatPrompt
from tui.services.launch import Launch
from tui.services.ledger import Ledger
from tui.settings.paths import settings_file
from tui.settings.settings import Settings
from tui.store.records import Conversation

SIZE = (120, 40)
SMALL = Counted(tokens=131, history=100, fitted=131, dropped=0, cached=90, n_ctx=4096)
FULL = Counted(tokens=5000, history=4700, fitted=3000, dropped=12, cached=90, n_ctx=4096)


# As values


def test_the_line_says_less_where_there_is_less_room() -> None:
    lines = ledger_lines(Ledger(SMALL, speed=100.0), UNICODE)
    assert lines[0] == "   31 tokens ·    90 cached · fits · ≈ 0.4 s"
    assert [len(line) for line in lines] == sorted((len(line) for line in lines), reverse=True)
    assert lines[-1] == "fits"
    assert all(word.isascii() for word in ledger_lines(Ledger(SMALL, speed=100.0), ASCII))
    assert not any("≈" in line for line in ledger_lines(Ledger(SMALL), UNICODE)), "nothing measured, nothing said"


def test_the_line_stands_still_while_one_types() -> None:
    counts = [Counted(100 + n, 100, 100 + n, 0, 90, 4096) for n in (1, 10, 100, 1000)]
    assert len({len(ledger_lines(Ledger(count, speed=50.0), UNICODE)[0]) for count in counts}) == 1


def test_the_line_says_what_does_not_fit_and_what_then() -> None:
    assert ledger_lines(Ledger(FULL), UNICODE)[0].endswith("905 too many, Enter asks")
    assert "fits without the 12 oldest messages" in ledger_lines(Ledger(FULL, "drop"), UNICODE)[0]
    alone = Counted(5000, 100, 4950, 2, 0, 4096)
    assert ledger_lines(Ledger(alone, "drop"), UNICODE)[0].endswith("855 too many, shorten it")
    little = Counted(4000, 3900, 4000, 0, 0, 4096)
    assert "fits, 96 left" in ledger_lines(Ledger(little), UNICODE)[0]
    assert "left" not in ledger_lines(Ledger(little, n_predict=16), UNICODE)[0]


def test_times_are_no_finer_than_they_can_be_known() -> None:
    assert [expected(s) for s in (0.0, 0.04, 0.42, 9.9, 12.3, 125)] == [
        "0.1 s", "0.1 s", "0.4 s", "9.9 s", "12 s", "2 min 05 s",
    ]  # fmt: skip


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII])
def test_the_meter_has_three_parts_told_apart_without_colour(glyphs: object) -> None:
    for used, coming in ((0, 0), (0, 1), (1, 0), (1000, 1), (1000, 2000), (4096, 0), (4096, 500), (4000, 9000)):
        filled, drafted, free = context_bar(used, coming, 4096, 10, glyphs)  # type: ignore[arg-type]
        assert len(filled + drafted + free) == 10
        assert bool(filled) == (used > 0) and bool(drafted) == (coming > 0)
        assert not set(filled) & set(drafted) and not set(drafted) & set(free)
    assert context_bar(1024, 1024, 4096, 8, UNICODE) == ("██", "▒▒", "····")
    assert context_bar(1024, 1024, 4096, 8, ASCII) == ("##", "++", "....")


def test_the_numbers_of_the_meter() -> None:
    def text(used: int, coming: int, *, bar: bool) -> str:
        return "".join(piece for piece, _ in context_meter(used, coming, 4096, UNICODE, bar=bar))

    assert text(1204, 0, bar=True) == "ctx ███······· 1,204 / 4,096"
    assert text(1204, 31, bar=True) == "ctx ███▒······ 1,235 / 4,096"
    assert text(7, 0, bar=False) == "ctx     7/4,096"
    assert fill(Ledger(SMALL), typed=True) == (90, 41)
    assert fill(Ledger(SMALL), typed=False) == (90, 10)


def test_the_table_explains_every_number_in_a_small_terminal() -> None:
    ledger = Ledger(FULL, "shift", 512, 0, 250.0)
    lines = ["".join(piece for piece, _ in line) for line in ledger_table(ledger, 70)]
    assert max(map(len, lines)) <= 70
    assert any("-2,000  left out        the 12 oldest messages" in line for line in lines)
    assert any("12 s  time to read it at 250 tok/s" in line for line in lines)
    assert any("1,096  left" in line for line in lines) and any("512  longest reply" in line for line in lines)
    assert any("2,047  each shift" in line for line in lines)
    assert not any("time to read it at" in "".join(p for p, _ in line) for line in ledger_table(Ledger(SMALL), 70))


def test_only_what_helps_is_offered() -> None:
    assert [offer.possible for offer in offers(Ledger(FULL))] == [True] * 4
    alone = Ledger(Counted(5000, 100, 4950, 2, 0, 4096))
    assert [offer.possible for offer in offers(alone)] == [True, False, False, False]
    new = Ledger(Counted(5000, 0, 5000, 0, 0, 4096))
    assert [offer.way for offer in offers(new) if offer.possible] == ["stop"]


def test_why_nothing_helps_is_the_real_reason() -> None:
    def why(ledger: Ledger) -> str:
        return next(offer.words for offer in offers(ledger) if offer.way == "drop")

    assert "too long by itself" in why(Ledger(Counted(5000, 100, 4950, 2, 0, 4096)))
    unanswered = Counted(4500, 3000, 4500, 0, 0, 4096)
    joined = why(Ledger(unanswered, joined=True))
    assert "has no reply" in joined and "alt+d deletes that one" in joined and "itself" not in joined
    assert "alt+d" not in why(Ledger(unanswered, joined=True, edits=True)), "that would delete what is edited"
    assert "system prompt" in why(Ledger(unanswered)) and "itself" not in why(Ledger(unanswered))


def test_it_is_said_that_enter_asks_only_where_it_does() -> None:
    huge = Counted(74872, 0, 74872, 0, 0, 4096)
    assert ledger_lines(Ledger(huge), UNICODE)[0].endswith("70,777 too many, shorten it")
    assert ledger_lines(Ledger(Counted(4500, 3000, 4500, 0, 0, 4096)), UNICODE)[0].endswith("Enter asks")


# On the screen


def prompt(app: LocalLLMApp) -> Prompt:
    return app.main_screen.query_one(Prompt)


def said(app: LocalLLMApp) -> str:
    return app.main_screen.query_one(PromptRow).said


def status(app: LocalLLMApp) -> str:
    return app.main_screen.query_one(StatusLine).plain


def shown(app: LocalLLMApp) -> str:
    return " ".join(app.main_screen.query_one(Transcript).plain.split())


def hint(app: LocalLLMApp) -> str:
    return app.main_screen.query_one("#prompt-row").border_title or ""


async def ready(pilot: Pilot[int], app: LocalLLMApp) -> None:
    await until(pilot, lambda: app.status.phase is Phase.READY and not app.work.busy)
    await until(pilot, lambda: app.main_screen.chat.chats.is_open)


async def say(pilot: Pilot[int], app: LocalLLMApp, engine: ScriptedEngine, text: str) -> None:
    asked = len(engine.prompts)
    prompt(app).load_text(text)
    await pilot.press("enter")
    await until(pilot, lambda: len(engine.prompts) > asked and not app.work.busy and prompt(app).text == "")


async def test_the_draft_is_counted_while_one_types(
    app: LocalLLMApp, engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        assert said(app) == ""
        await pilot.press(*"hello")
        await until(pilot, lambda: said(app) == "    6 tokens ·     0 cached · fits")
        assert "ctx ▒········· " in status(app) and "6 / 4,096" in status(app)
        counts = len(engine.counted)
        with monkeypatch.context() as typing_on:
            typing_on.setattr(ledger_screen, "_PAUSE", 3600)
            await pilot.press(*" you ther")
        await pilot.press("e")
        await until(pilot, lambda: "16 tokens" in said(app))
        assert len(engine.counted) == counts + 1, "not once for each key"
        prompt(app).load_text("")
        await until(pilot, lambda: said(app) == "" and " 0 / 4,096" in status(app))


async def test_the_words_are_in_the_border_and_move_nothing(app: LocalLLMApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app)
        row = app.main_screen.query_one(PromptRow)
        before = (row.region, prompt(app).region)
        await pilot.press(*"hello")
        await until(pilot, lambda: "tokens" in said(app))
        await pilot.pause()
        border = app.screen._compositor.render_strips()[row.region.y].text
        assert "6 tokens" in border and border.endswith("fits ──")
        assert (row.region, prompt(app).region) == before
        app.main_screen._hint("a hint comes first")
        assert said(app) in ("    6 tokens ·     0 cached · fits", "    6 tokens · fits", "fits")


async def test_with_a_reply_the_history_and_a_measured_time_are_in_it(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    engine.timings = Timings(prompt_tokens=1000, prompt_seconds=5.0, generated_tokens=3, decode_seconds=0.1)
    engine.replies.append("an answer")
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await say(pilot, app, engine, "hello")
        engine.cached = 10
        await pilot.press(*"x" * 99)
        await until(pilot, lambda: said(app) == "  100 tokens ·    10 cached · fits · ≈ 0.5 s")
        await pilot.press("alt+m")
        await until(pilot, lambda: isinstance(app.screen, LedgerScreen))
        assert isinstance(app.screen, LedgerScreen)
        table = app.screen.plain
        assert "16  conversation" in table and "100  draft" in table and "at 200 tok/s" in table
        await pilot.press("alt+m")
        await until(pilot, lambda: app.screen is app.main_screen)


async def test_nothing_is_counted_while_a_reply_grows(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        engine.hold = True
        await pilot.press(*"hello")
        await until(pilot, lambda: "tokens" in said(app))
        await pilot.press("enter")
        await until(pilot, lambda: app.work.busy and prompt(app).text == "")
        counts = len(engine.counted)
        await pilot.press(*"next one")
        engine.write("a b c")
        await until(pilot, lambda: "a b c" in shown(app))
        assert said(app) == "" and len(engine.counted) == counts
        await pilot.press("alt+m")
        await until(pilot, lambda: "when nothing runs" in hint(app))
        engine.end()
        await until(pilot, lambda: "9 tokens" in said(app))


async def test_an_edit_is_counted_in_the_place_of_the_old_one(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await say(pilot, app, engine, "first")
        await say(pilot, app, engine, "second")
        await pilot.press("f7")
        await pilot.press(*"!")
        await until(pilot, lambda: isinstance(engine.counted[-1], ChatPrompt)
                    and [m.content for m in engine.counted[-1].messages] == ["first", "ok", "second!"])  # fmt: skip


# What does not fit


async def refused(pilot: Pilot[int], app: LocalLLMApp, text: str) -> None:
    """Send what does not fit: the person is asked."""
    prompt(app).load_text(text)
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(app.screen, FullContextScreen))


async def full(pilot: Pilot[int], app: LocalLLMApp, engine: ScriptedEngine) -> None:
    """A chat that fills half of the context, and a draft that is too much."""
    await ready(pilot, app)
    for text in ("a" * 90, "b" * 90):
        await say(pilot, app, engine, text)
    prompt(app).load_text("c" * 100)
    await until(pilot, lambda: "too many, Enter asks" in said(app))
    await refused(pilot, app, "c" * 100)


async def long_chat(
    pilot: Pilot[int], app: LocalLLMApp, engine: ScriptedEngine, said_second: int = 500, draft: int = 300
) -> Conversation | None:
    """A chat of two turns that nearly fills a context of 1,200, and a draft that is too much; the chat."""
    await ready(pilot, app)
    for text in ("a" * 500, "b" * said_second):
        await say(pilot, app, engine, text)
    await refused(pilot, app, "c" * draft)
    return app.main_screen.chat.conversation


def asked(engine: ScriptedEngine) -> list[str]:
    last = engine.prompts[-1]
    assert isinstance(last, ChatPrompt)
    return [message.content for message in last.messages]


async def test_it_is_not_sent_before_the_person_chose(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    engine.n_ctx = 256
    async with app.run_test(size=(80, 24)) as pilot:
        await full(pilot, app, engine)
        assert isinstance(app.screen, FullContextScreen)
        text = " ".join(app.screen.plain.split())
        assert "289 tokens with this chat; the context holds 256: 34 too many." in text
        assert "Leaves out the 4 oldest messages" in text and "summary" in text
        assert "enter do what is marked" in text
        sent = len(engine.prompts)
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is app.main_screen)
        assert len(engine.prompts) == sent and prompt(app).text == "c" * 100
        assert "it was not sent" in hint(app)


@pytest.mark.parametrize(("key", "policy"), [("h", "shift"), ("d", "drop")])
async def test_once_or_from_now_on(app: LocalLLMApp, engine: ScriptedEngine, key: str, policy: str) -> None:
    engine.n_ctx = 256
    async with app.run_test(size=SIZE) as pilot:
        await full(pilot, app, engine)
        sent = len(engine.prompts)
        await pilot.press(key)
        await until(pilot, lambda: len(engine.prompts) > sent and not app.work.busy and prompt(app).text == "")
        assert engine.params[-1].context_policy == policy and asked(engine)[-1] == "c" * 100
        assert app.settings.generation.context_policy == "stop" and not settings_file().exists()
        await refused(pilot, app, "d" * 100)
        await pilot.press("r", key)
        await until(pilot, lambda: len(engine.prompts) > sent + 1 and not app.work.busy and prompt(app).text == "")
        assert app.settings.generation.context_policy == policy
        assert policy in settings_file().read_text("utf-8")
        prompt(app).load_text("e" * 100)
        await until(pilot, lambda: "oldest messages" in said(app))
        await pilot.press("enter")
        await until(pilot, lambda: len(engine.prompts) > sent + 2)


async def test_a_fast_typist_is_asked_too_and_sends_once(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    engine.n_ctx = 256
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        prompt(app).load_text("f" * 200)
        await pilot.press("enter", "enter")
        await until(pilot, lambda: len(engine.prompts) == 1 and not app.work.busy and prompt(app).text == "")
        await refused(pilot, app, "g" * 100)
        assert len(engine.prompts) == 1


async def test_a_new_chat_begins_with_a_summary_and_the_old_one_stays(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    engine.n_ctx = 1200
    async with app.run_test(size=SIZE) as pilot:
        engine.replies.extend(["ok", "ok", "They said a and b.", "Go on then."])
        old = await long_chat(pilot, app, engine)
        assert old is not None
        engine.hold = True
        await pilot.press("a")
        await until(pilot, lambda: len(engine.prompts) == 3 and app.work.busy)
        assert "Sum up the conversation below" in asked(engine)[0] and "User: aaa" in asked(engine)[0]
        assert engine.params[-1].context_policy == "stop" and 0 < engine.params[-1].n_predict <= 300
        await pilot.press("enter")
        await until(pilot, lambda: "still generating" in hint(app) or "being written" in hint(app))
        engine.hold = False
        engine.replies.popleft()
        engine.write("They said a and b.")
        engine.end()
        # The whole chat is longer than the context: the rest of it is summed up with that.
        await until(pilot, lambda: "goes on from" in shown(app) and not app.work.busy and prompt(app).text == "")
        assert "Summary of what was said before this part" in str(engine.prompts[3:-1])
        last = asked(engine)[-1]
        assert last.startswith("Summary of “aaa") and last.endswith("c" * 300)
        now = app.main_screen.chat.conversation
        assert now is not None and now.id != old.id
        messages = app.main_screen.chat.session.messages
        assert [m.role for m in messages] == ["user", "user", "assistant"]
        app.main_screen.go_to_chat(old.id)
        await until(pilot, lambda: len(app.main_screen.chat.session.messages) == 4)


async def test_a_summary_that_is_stopped_changes_nothing(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    engine.n_ctx = 1200
    async with app.run_test(size=SIZE) as pilot:
        old = await long_chat(pilot, app, engine)
        engine.hold = True
        await pilot.press("a")
        await until(pilot, lambda: len(engine.prompts) == 3 and app.work.busy)
        engine.write("They said")
        await until(pilot, lambda: "They said" in shown(app))
        await pilot.press("escape")
        await until(pilot, lambda: "The summary was stopped" in shown(app))
        assert "They said" in shown(app) and prompt(app).text == "c" * 300
        assert app.main_screen.chat.conversation == old


async def test_two_prompts_without_a_reply_are_not_blamed_on_the_second(
    app: LocalLLMApp, engine: ScriptedEngine
) -> None:
    engine.n_ctx = 256
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app)
        engine.hold = True
        prompt(app).load_text("a" * 180)
        await pilot.press("enter")
        await until(pilot, lambda: app.work.busy and prompt(app).text == "")
        await pilot.press("escape")
        await until(pilot, lambda: not app.work.busy)
        await refused(pilot, app, "b" * 90)
        assert isinstance(app.screen, FullContextScreen)
        text = " ".join(app.screen.plain.split())
        assert "the prompt before has no reply" in text and "too long by itself" not in text
        await pilot.press("escape", "alt+d")
        await until(pilot, lambda: "1 message deleted" in hint(app))
        engine.hold = False
        await pilot.press("enter")
        await until(pilot, lambda: prompt(app).text == "" and not app.work.busy)
        assert asked(engine) == ["b" * 90]


async def test_what_is_too_long_by_itself_is_said_whole_in_a_small_terminal(
    app: LocalLLMApp, engine: ScriptedEngine
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app)
        prompt(app).load_text("w" * 80_000)
        await until(pilot, lambda: "too many, shorten it" in said(app))
        await pilot.press("enter")
        await until(pilot, lambda: "too many: shorten it" in hint(app))
        await pilot.pause()
        row = app.main_screen.query_one(PromptRow)
        assert "with more (-c)" in app.screen._compositor.render_strips()[row.region.y].text
        assert app.screen is app.main_screen and len(prompt(app).text) == 80_000


# With a real engine


async def test_the_count_is_what_the_reply_then_took(tiny_gguf: Path) -> None:
    settings = Settings().replace(ignore_eos=True, n_predict=8, temp=0.0, n_ctx=512, model_dirs=())
    app = LocalLLMApp(Launch(settings, model=str(tiny_gguf)))
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        for text in ("What is this?", "And that?"):
            prompt(app).load_text(text)
            await until(pilot, lambda: "tokens" in said(app))
            ledger = app.main_screen._ledger
            assert ledger is not None
            await pilot.press("enter")
            await until(pilot, lambda: prompt(app).text == "" and not app.work.busy)
            reply = app.main_screen.chat.session.records[-1].reply
            assert reply is not None
            assert (reply.timings.prompt_tokens, reply.timings.cached_tokens) == (ledger.sent, ledger.cached)


async def test_a_summary_of_a_chat_that_was_left_meanwhile_goes_nowhere(
    app: LocalLLMApp, engine: ScriptedEngine
) -> None:
    engine.n_ctx = 1200
    async with app.run_test(size=SIZE) as pilot:
        old = await long_chat(pilot, app, engine, 300, 400)
        assert old is not None
        engine.hold = True
        await pilot.press("a")
        await until(pilot, lambda: len(engine.prompts) == 3 and app.work.busy)
        app.main_screen.action_new_chat()
        await until(pilot, lambda: app.main_screen.chat.conversation is None)
        engine.hold = False
        engine.write("They said")
        engine.end()
        await until(pilot, lambda: not app.work.busy and not app.main_screen.is_summing_up)
        assert app.main_screen.chat.conversation is None
        app.main_screen.go_to_chat(old.id)
        await until(pilot, lambda: prompt(app).text == "c" * 400)


def test_another_version_of_a_message_is_not_for_a_new_chat() -> None:
    assert [offer.possible for offer in offers(Ledger(FULL, edits=True))] == [True, True, True, False]


async def test_a_real_model_sums_up_what_does_not_fit(tmp_path: Path) -> None:
    model = write_tiny_gguf(tmp_path / "tiny-ascii-F32.gguf", ascii_only=True)
    settings = Settings().replace(n_predict=8, temp=0.0, n_ctx=2048, model_dirs=())
    app = LocalLLMApp(Launch(settings, model=str(model)))
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        for text in ("first " * 120, "second " * 90):
            prompt(app).load_text(text)
            await pilot.press("enter")
            await until(pilot, lambda: prompt(app).text == "" and not app.work.busy, 60)
        prompt(app).load_text("third " * 130)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, FullContextScreen))
        await pilot.press("a")
        await until(pilot, lambda: "goes on from" in shown(app) and prompt(app).text == "", 120)
        await until(pilot, lambda: not app.work.busy, 120)
        now = app.main_screen.chat.session.messages
        assert [message.role for message in now[:2]] == ["user", "user"]
        assert now[0].content.startswith("Summary of “first") and len(now[0].content) > 100
        assert now[1].content == ("third " * 130).strip()
