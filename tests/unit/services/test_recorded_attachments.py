"""What is attached to a prompt, through everything that happens to it; with the real store and the real engine."""

from __future__ import annotations

from tests.support.recorded import finish
from tui.core.events import Failed, Finished
from tui.core.parameters import GenerationParams
from tui.services.recorded_chat import RecordedChat
from tui.store.records import Attachment
from tui.store.store import Store

SHORT = GenerationParams(n_predict=4, temp=0.0, ignore_eos=True, seed=7)
NOTES, LIST = Attachment("notes.txt", "seven"), Attachment("list.md", "a\nb\n")


def attached(chat: RecordedChat, at: int = 0) -> tuple[Attachment, ...]:
    return chat.records[at].attachments


def test_another_reply_and_an_edit_go_with_the_same_files(chat: RecordedChat, store: Store) -> None:
    first = finish(chat, chat.send("Hi", SHORT, [NOTES, LIST]))
    again = finish(chat, chat.regenerate(SHORT))
    assert isinstance(first, Finished) and isinstance(again, Finished)
    assert again.timings.prompt_tokens == first.timings.prompt_tokens, "the same text was asked about"
    finish(chat, chat.edit(chat.records[0].id, "Ho", SHORT))
    assert (chat.records[0].text, attached(chat)) == ("Ho", (NOTES, LIST))
    finish(chat, chat.edit(chat.records[0].id, "Ho", SHORT, [LIST]))
    assert attached(chat) == (LIST,)
    finish(chat, chat.edit(chat.records[0].id, "Ho", SHORT, []))
    assert attached(chat) == () and store.message(chat.records[0].id).siblings == 4


def test_what_cannot_be_answered_gives_its_files_back(chat: RecordedChat) -> None:
    large = Attachment("large.txt", "x" * 5000)
    last = finish(chat, chat.send("Hi", SHORT, [NOTES, large]))
    assert isinstance(last, Failed) and not chat.records
    assert (chat.unsent, chat.unsent_attachments) == ("Hi", (NOTES, large))
    finish(chat, chat.send("Hi", SHORT, [NOTES]))
    assert (chat.unsent, chat.unsent_attachments) == ("", ())


def test_files_alone_can_be_sent_and_name_the_chat(chat: RecordedChat) -> None:
    finish(chat, chat.send("", SHORT, [NOTES, LIST]))
    assert chat.conversation is not None and chat.conversation.title == "notes.txt, list.md"
    assert attached(chat) == (NOTES, LIST)
