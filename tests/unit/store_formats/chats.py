"""Any conversations, for properties."""

from __future__ import annotations

from hypothesis import strategies as st

from tui.core.events import StopReason, Timings
from tui.store.formats.chat import Chat
from tui.store.records import Attachment, Conversation, MessageRecord, ModelIdentity, Reply, ReplyFacts, Stretch

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40) | st.sampled_from(
    ["東京の天気", "e\u0301 é", "a\x00b", "\u2028\u2029\x85", "👩‍👩‍👧", "\x1b[31mred\x1b[0m", '"\\\n', "مرحبا"]
)
SECONDS = st.floats(0, 4e9)
_COUNTS = st.integers(0, 2**31)
_NUMBERS = st.integers(-(2**63), 2**63 - 1)

TIMINGS = st.builds(
    Timings,
    prompt_tokens=_COUNTS, cached_tokens=_COUNTS, prompt_seconds=SECONDS, generated_tokens=_COUNTS,
    decode_seconds=SECONDS, first_token_seconds=st.none() | SECONDS, threads=_COUNTS, compute_seconds=SECONDS,
    drafted_tokens=_COUNTS, accepted_tokens=_COUNTS,
)  # fmt: skip
FACTS = st.builds(
    ReplyFacts,
    model=st.builds(ModelIdentity, TEXTS, st.integers(0, 2**63 - 1), TEXTS),
    template_hash=TEXTS, params=st.sampled_from(["{}", '{"temp": 0.8}']), seed=_NUMBERS, system_prompt=TEXTS,
    build=TEXTS,
)  # fmt: skip
REPLIES = st.builds(
    Reply, facts=FACTS, timings=TIMINGS, stop_reason=st.none() | st.sampled_from(StopReason), stop=TEXTS,
    continued=st.integers(0, 5),
    stretches=st.lists(
        st.builds(
            Stretch, facts=FACTS, tokens=_NUMBERS, characters=_NUMBERS, timings=TIMINGS,
            stop_reason=st.none() | st.sampled_from(StopReason), stop=TEXTS,
        ),
        max_size=2,
    ).map(tuple),
    begun=st.none() | _NUMBERS,
)  # fmt: skip
ATTACHMENTS = st.lists(st.builds(Attachment, TEXTS, TEXTS), max_size=2).map(tuple)


@st.composite
def message_trees(draw: st.DrawFn) -> tuple[MessageRecord, ...]:
    """Messages of any shape that the store knows, numbered from 1."""
    messages: list[MessageRecord] = []
    for number in range(1, draw(st.integers(0, 8)) + 1):
        earlier = st.none() | st.integers(1, number - 1) if number > 1 else st.none()
        role = draw(st.sampled_from(["user", "assistant"]))
        messages.append(
            MessageRecord(
                id=number,
                conversation=0,
                parent=draw(earlier),
                role=role,  # type: ignore[arg-type]
                text=draw(TEXTS),
                created=draw(SECONDS),
                state=draw(st.sampled_from(["done", "interrupted"])) if role == "assistant" else "done",
                reply=draw(st.none() | REPLIES) if role == "assistant" else None,
                attachments=draw(ATTACHMENTS) if role == "user" else (),
                edited=draw(earlier),
            )
        )
    return tuple(messages)


@st.composite
def chats(draw: st.DrawFn) -> Chat:
    """A conversation as it lies in a file."""
    messages = draw(message_trees())
    conversation = Conversation(
        id=0,
        title=draw(TEXTS),
        titled_by=draw(st.sampled_from(["prompt", "model", "person"])),
        created=draw(SECONDS),
        used=draw(SECONDS),
        leaf=draw(st.none() | st.integers(1, len(messages))) if messages else None,
        length=len(messages),
        pinned=draw(st.booleans()),
        archived=draw(st.booleans()),
        settings=draw(st.sampled_from(["", '{"system_prompt": "Be brief."}'])),
        draft=draw(TEXTS),
    )
    tokens = {
        m.id: draw(st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=4).map(tuple)) for m in messages if m.reply
    }
    return Chat(conversation, messages, tokens)
