"""A stored reply, generated again: on the tiny model, with everything fixed."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.engines import PATIENCE, events_of
from tui.core.errors import LocalLLMError
from tui.core.events import Failed, Loaded, Token
from tui.core.parameters import GenerationParams, LoadParams
from tui.core.probabilities import Candidate
from tui.services.model_host import ModelHost
from tui.services.recorded_chat import RecordedChat
from tui.services.recorded_chat_facts import facts_of
from tui.services.recorded_params import recorded_params
from tui.services.replay import Recording, Replay, keep, last_reply, recall
from tui.services.replay_differences import differences, file_of
from tui.services.replay_result import Outcome, ReplayResult, odds
from tui.store.records import ModelIdentity, ReplyFacts
from tui.store.store import Store

DRAWN = GenerationParams(n_predict=40, temp=1.5, seed=7, ignore_eos=True, system_prompt="Be brief.")


@pytest.fixture
def fixed(host: ModelHost, tiny_gguf: Path) -> ModelHost:
    """The tiny model with one thread."""
    load = LoadParams(n_ctx=512, threads=1, threads_batch=1)
    assert isinstance(events_of(host.load(tiny_gguf, load))[-1], Loaded)
    return host


def said(host: ModelHost, store: Store, params: GenerationParams = DRAWN, stop_after: int = 0) -> int:
    """A stored reply's number; `stop_after` tokens the person stops it."""
    chat = RecordedChat(host, store)
    ticket = chat.send("Name three colours, please: 東京", params)
    count = 0
    for event in ticket.events():
        count += isinstance(event, Token)
        if stop_after and count == stop_after:
            ticket.cancel()
        chat.absorb(event)
    chat.close()
    return chat.records[-1].id


def continued(
    host: ModelHost, store: Store, reply: int, params: GenerationParams = DRAWN, *, whole: bool = True
) -> None:
    """Let a stored reply go on."""
    chat = RecordedChat(host, store)
    chat.select(reply)
    for event in chat.continue_reply(params).events():
        assert not whole or not isinstance(event, Failed)
        chat.absorb(event)
    chat.close()


def replayed(host: ModelHost, recording: Recording) -> Replay:
    """Run to its end."""
    replay = Replay(recording)
    while replay.finished is None or replay.goes_on:
        ticket = replay.start(host.engine)
        for event in ticket.events():
            replay.absorb(event)
        assert ticket.wait(PATIENCE) and replay.error is None
    return replay


def test_the_same_seed_and_threads_are_identical(fixed: ModelHost, store: Store) -> None:
    reply = said(fixed, store)
    recording = recall(store, reply)
    assert recording.params == DRAWN and recording.load.threads == 1
    result = replayed(fixed, recording).result()
    assert result.outcome is Outcome.IDENTICAL_SO_FAR and result.same and result.at is None
    assert result.line() == "identical: 40 tokens, as far as the stored reply goes" and not result.note
    assert len(store.siblings(reply)) == 1, "a replay changes nothing"
    assert fixed.model is not None and differences(recording, fixed.model) == []


def test_a_random_seed_was_recorded(fixed: ModelHost, store: Store) -> None:
    recording = recall(store, said(fixed, store, replace(DRAWN, seed=-1)))
    assert recording.params.seed >= 0
    assert replayed(fixed, recording).result().same


def test_another_seed_differs_at_a_told_token(fixed: ModelHost, store: Store) -> None:
    recording = recall(store, said(fixed, store))
    other = replace(recording, params=replace(recording.params, seed=8))
    replay = replayed(fixed, other)
    result = replay.result()
    at = next(n for n, (a, b) in enumerate(zip(recording.tokens, replay.tokens, strict=True), 1) if a != b)
    assert result.outcome is Outcome.DIFFERENT and result.at == at
    assert result.line().startswith(f"first differs at token {at} (of 40): stored “")


def test_what_the_person_stopped_is_replayed_up_to_there(fixed: ModelHost, store: Store) -> None:
    recording = recall(store, said(fixed, store, replace(DRAWN, n_predict=-1), stop_after=12))
    stored = len(recording.tokens)
    assert not recording.closed and 12 <= stored < 400
    replay = replayed(fixed, recording)
    assert replay.result().outcome is Outcome.IDENTICAL_SO_FAR
    assert tuple(replay.tokens) == recording.tokens and replay.text == recording.record.text


def test_an_end_that_belongs_to_the_text_has_to_come_again(fixed: ModelHost, store: Store) -> None:
    free = said(fixed, store, replace(DRAWN, n_predict=60))
    stop = store.message(free).text[20:23]
    recording = recall(store, said(fixed, store, replace(DRAWN, stop=(stop,))))
    assert recording.closed
    assert replayed(fixed, recording).result().outcome is Outcome.IDENTICAL
    longer = replayed(fixed, replace(recording, params=replace(recording.params, stop=()))).result()
    assert longer.outcome is Outcome.DIFFERENT and longer.at == len(recording.tokens) + 1
    assert "the stored reply ended there" in longer.line()
    shorter = replace(recording, params=replace(recording.params, n_predict=3))
    ended = replayed(fixed, shorter).result()
    assert ended.outcome is Outcome.ENDED_EARLIER and ended.at == 4 and "now it ended" in ended.line()


def test_a_stopped_replay_says_how_far_it_was(fixed: ModelHost, store: Store) -> None:
    recording = recall(store, said(fixed, store))
    replay = Replay(recording)
    ticket = replay.start(fixed.engine)
    ticket.cancel()
    for event in ticket.events():
        replay.absorb(event)
    result = replay.result()
    assert result.outcome is Outcome.STOPPED and not result.same and not result.differs
    assert result.line() == f"stopped: identical up to token {result.matched} of 40"


def test_a_replay_is_kept_as_a_version_when_asked(fixed: ModelHost, store: Store) -> None:
    reply = said(fixed, store)
    recording = recall(store, reply)
    replay = replayed(fixed, replace(recording, params=replace(recording.params, seed=8)))
    assert fixed.model is not None
    kept = keep(store, replay, fixed.model)
    assert [one.id for one in store.siblings(reply)] == [reply, kept.id]
    assert kept.text == replay.text and store.tokens(kept.id) == tuple(replay.tokens)
    again = recall(store, kept.id)
    assert again.params.seed == 8 and replayed(fixed, again).result().same


def test_what_differs_is_said_up_front(fixed: ModelHost, store: Store) -> None:
    recording = recall(store, said(fixed, store))
    model = fixed.model
    assert model is not None
    now = replace(
        model, build="other", template_hash="00", params=replace(model.params, threads=2, cache_type_k="q8_0")
    )
    lines = differences(recording, now)
    assert "another chat template: the prompt is not the same text" in lines
    assert any(line.startswith("another llama.cpp: ") and line.endswith(" then, other now") for line in lines)
    assert "K cache type: f16 then, q8_0 now" in lines
    assert "threads (decode/prefill): 1/1 then, 2/1 now: near ties may differ" in lines
    facts = replace(recording.reply.facts, model=ModelIdentity("Big\x1b[1m", 3 << 30, "ff"))
    foreign = replace(recording, reply=replace(recording.reply, facts=facts))
    (line,) = differences(foreign, model)
    assert line.startswith("another model: Big^[[1m (3.00 GiB) wrote it, loaded is ")


def test_the_file_that_wrote_it_is_found_whatever_its_name(
    fixed: ModelHost, store: Store, tiny_gguf: Path, tmp_path: Path
) -> None:
    facts = recall(store, said(fixed, store)).reply.facts
    renamed, longer = tmp_path / "renamed.gguf", tmp_path / "longer.gguf"
    renamed.write_bytes(tiny_gguf.read_bytes())
    longer.write_bytes(tiny_gguf.read_bytes() + b"x")
    assert file_of(facts.model, [tmp_path / "gone.gguf", longer, renamed]) == renamed
    assert file_of(facts.model, [longer]) is None


def test_as_much_of_the_prompt_is_reused_as_then(fixed: ModelHost, store: Store, tiny_gguf: Path) -> None:
    chat = RecordedChat(fixed, store)
    for text in ("one", "two", "three"):
        for event in chat.send(text, DRAWN).events():
            chat.absorb(event)
        chat.close()
    for record in (chat.records[-1], chat.records[1], chat.records[3], chat.records[-1]):
        recording = recall(store, record.id)
        assert fixed.model is not None and differences(recording, fixed.model) == []
        replay = replayed(fixed, recording)
        assert replay.cached_tokens == recording.reply.timings.cached_tokens
        assert replay.result().same and replay.result().note == ""
    events_of(fixed.unload())
    load = LoadParams(n_ctx=512, threads=1, threads_batch=1, cache_ram=0, cache_disk=0)
    assert isinstance(events_of(fixed.load(tiny_gguf, load))[-1], Loaded)
    result = replayed(fixed, recall(store, chat.records[-1].id)).result()
    assert "were in the cache then, 0 now: near ties may differ" in result.note


def test_what_cannot_be_replayed_says_why(fixed: ModelHost, store: Store) -> None:
    reply = said(fixed, store)
    prompt = store.message(reply).parent
    assert prompt is not None
    for message, why in (
        (prompt, "Only a reply"),
        (store.edit(reply, "mine").id, "a person or another program wrote it"),
        (store.begin_reply(prompt, ReplyFacts(ModelIdentity("m"), params="{}")).id, "still being generated"),
    ):
        with pytest.raises(LocalLLMError, match=why):
            recall(store, message)
    imported = store.begin_reply(prompt, ReplyFacts(ModelIdentity("m")))
    store.finish_reply(imported.id, "text", (1,))
    with pytest.raises(LocalLLMError, match="settings this reply was made"):
        recall(store, imported.id)
    assert fixed.model is not None
    for tokens, params, why in (((1, 2), replace(DRAWN, seed=-1), "random seed"), ((), DRAWN, "tokens were not kept")):
        broken = store.begin_reply(prompt, facts_of(fixed.model, params))
        store.finish_reply(broken.id, "text", tokens, None)
        with pytest.raises(LocalLLMError, match=why):
            recall(store, broken.id)
    continued(fixed, store, reply)
    store._database.change(lambda change: change.run("DELETE FROM stretch"))
    with pytest.raises(LocalLLMError, match="continued by an older version"):
        recall(store, reply)


def test_a_reply_that_was_continued_is_replayed_part_by_part(fixed: ModelHost, store: Store) -> None:
    reply = said(fixed, store, replace(DRAWN, n_predict=-1), stop_after=9)
    first = store.message(reply)
    continued(fixed, store, reply, replace(DRAWN, seed=-1, temp=2.0, n_predict=11))
    continued(fixed, store, reply, replace(DRAWN, seed=5, system_prompt="Be long."))
    recording = recall(store, reply)
    one, two, three = recording.parts
    assert (one.params.seed, two.params.temp, three.params.seed) == (7, 2.0, 5) and two.params.seed >= 0
    assert one.prompt.begun == "" and two.prompt.begun == first.text and three.prompt.begun.startswith(first.text)
    assert three.prompt.messages[0].content == "Be long."
    assert one.tokens + two.tokens + three.tokens == store.tokens(reply) and len(two.tokens) == 11
    replay = replayed(fixed, recording)
    result = replay.result()
    assert result.outcome is Outcome.IDENTICAL_SO_FAR and not result.note
    assert result.line() == f"identical: {recording.count} tokens, as far as the stored reply goes"
    assert replay.text == recording.record.text and tuple(replay.tokens) == store.tokens(reply)
    assert fixed.model is not None and differences(recording, fixed.model) == []


def test_a_part_that_differs_ends_the_replay_and_is_told_by_its_place_in_the_whole(
    fixed: ModelHost, store: Store
) -> None:
    reply = said(fixed, store)
    continued(fixed, store, reply)
    continued(fixed, store, reply)
    recording = recall(store, reply)
    one, two = recording.before
    other = replace(recording, before=(one, replace(two, params=replace(two.params, seed=8))))
    replay = replayed(fixed, other)
    result = replay.result()
    assert result.outcome is Outcome.DIFFERENT and result.at is not None and 40 < result.at <= 80
    assert f"(of {recording.count})" in result.line() and replay.text.startswith(two.prompt.begun)


def test_a_closed_part_has_to_come_to_its_end_before_the_next_one(fixed: ModelHost, store: Store) -> None:
    free = said(fixed, store, replace(DRAWN, n_predict=60))
    stop = store.message(free).text[20:23]
    reply = said(fixed, store, replace(DRAWN, stop=(stop,)))
    continued(fixed, store, reply)
    recording = recall(store, reply)
    assert recording.before[0].closed and not recording.closed
    assert replayed(fixed, recording).result().same
    longer = replace(recording.before[0], params=replace(recording.before[0].params, stop=()))
    result = replayed(fixed, replace(recording, before=(longer,))).result()
    assert result.outcome is Outcome.DIFFERENT and result.at == len(longer.tokens) + 1


def test_a_replay_that_is_stopped_between_two_parts_says_so(fixed: ModelHost, store: Store) -> None:
    reply = said(fixed, store)
    continued(fixed, store, reply)
    replay = Replay(recall(store, reply))
    for event in replay.start(fixed.engine).events():
        replay.absorb(event)
    assert replay.goes_on and replay.result().line() == "stopped: identical up to token 40 of 80"


def test_a_replay_in_parts_is_kept_in_parts(fixed: ModelHost, store: Store) -> None:
    reply = said(fixed, store)
    continued(fixed, store, reply, replace(DRAWN, seed=9))
    assert fixed.model is not None
    kept = keep(store, replayed(fixed, recall(store, reply)), fixed.model)
    assert kept.text == store.message(reply).text and store.tokens(kept.id) == store.tokens(reply)
    assert [part.params.seed for part in recall(store, kept.id).parts] == [7, 9]
    assert replayed(fixed, recall(store, kept.id)).result().same


def test_what_a_person_put_in_half_way_is_given_and_the_rest_is_replayed(fixed: ModelHost, store: Store) -> None:
    reply = said(fixed, store)
    chat = RecordedChat(fixed, store)
    chat.select(reply)
    chat.edit(reply, store.message(reply).text[:10] + " and mine", DRAWN)
    for _ in range(2):
        for event in chat.continue_reply(DRAWN).events():
            chat.absorb(event)
        chat.close()
    own = chat.records[-1]
    written = next(one for one in store.siblings(own.id) if one.reply is None)
    store.delete_branch(written.id)  # what was given is known without it
    recording = recall(store, own.id)
    assert own.reply is not None and own.reply.begun == len(written.text)
    assert recording.parts[0].prompt.begun == written.text and len(recording.parts) == 2
    replay = replayed(fixed, recording)
    assert replay.result().same and replay.text == store.message(own.id).text


def test_a_reply_that_could_not_go_on_is_as_it_was(fixed: ModelHost, store: Store) -> None:
    reply = said(fixed, store)
    before = store.message(reply)
    continued(fixed, store, reply, replace(DRAWN, system_prompt="x" * 5000), whole=False)
    assert store.message(reply) == before and len(store.tokens(reply)) == 40
    assert replayed(fixed, recall(store, reply)).result().same


def test_parts_of_two_models_cannot_be_replayed(fixed: ModelHost, store: Store) -> None:
    reply = said(fixed, store)
    record = store.message(reply)
    assert record.reply is not None
    store.continue_reply(reply, replace(record.reply.facts, model=ModelIdentity("Other\x1b", 5, "ff")))
    store.finish_reply(reply, "more", (1, 2), seed=3)
    with pytest.raises(LocalLLMError, match=r"two models wrote parts of it, .* and Other\^\["):
        recall(store, reply)


def test_a_part_that_was_killed_before_its_seed_was_known_says_which(fixed: ModelHost, store: Store) -> None:
    assert fixed.model is not None
    reply = said(fixed, store)
    store.continue_reply(reply, facts_of(fixed.model, replace(DRAWN, seed=-1)))
    store.finish_reply(reply, "x", (1,), None)
    with pytest.raises(LocalLLMError, match="its part 2 broke off before its random seed"):
        recall(store, reply)
    other = said(fixed, store)
    store.continue_reply(other, facts_of(fixed.model, replace(DRAWN, seed=-1)))
    store.finish_reply(other, "", (), None)
    assert replayed(fixed, recall(store, other)).result().outcome is Outcome.IDENTICAL_SO_FAR


def test_a_reply_that_a_person_began_is_replayed_from_there(fixed: ModelHost, store: Store) -> None:
    reply = said(fixed, store)
    chat = RecordedChat(fixed, store)
    chat.select(reply)
    chat.edit(reply, "The colours are ", DRAWN)
    for event in chat.continue_reply(DRAWN).events():
        chat.absorb(event)
    chat.close()
    recording = recall(store, chat.records[-1].id)
    assert recording.prompt.begun == "The colours are "
    replay = replayed(fixed, recording)
    assert replay.result().same and replay.text == recording.record.text


def test_a_number_means_a_message_or_the_last_reply_of_a_conversation(fixed: ModelHost, store: Store) -> None:
    reply = said(fixed, store)
    assert last_reply(store, reply) == last_reply(store, store.message(reply).conversation) == reply
    with pytest.raises(LocalLLMError, match="has no reply"):
        last_reply(store, store.create("empty").id)


def test_the_texts_around_a_difference() -> None:
    result = ReplayResult(Outcome.DIFFERENT, 56, 212, "The sky over the old grey harbour is blue.",
                          "The sky over the old grey harbour is green, they say, and so is the sea.")  # fmt: skip
    assert result.line() == (
        "first differs at token 57 (of 212): stored “…the old grey harbour is blue.”,"
        " now “…the old grey harbour is green, they say, and so is…”"
    )
    twice = ReplayResult(Outcome.DIFFERENT, 1, 3, "same\n", "same\n")
    assert "the same text in other tokens" in twice.line()


def test_how_likely_the_two_tokens_were_is_told(fixed: ModelHost, store: Store) -> None:
    recording = recall(store, said(fixed, store))
    told = replayed(fixed, replace(recording, params=replace(recording.params, seed=8))).result().odds
    assert told.startswith("the model found “") and " % likely, and " in told
    assert replayed(fixed, recording).result().odds == ""


def test_the_odds_in_words() -> None:
    def token(*shares: tuple[int, bytes, float]) -> Token:
        return Token(1, b"", "", 1, tuple(Candidate(one, piece, math.log(share)) for one, piece, share in shares))

    blue, green = (5, b" blue", 0.31), (6, b" green", 0.3)
    assert odds(token(green, blue, green), 5) == (
        "the model found “ blue” 31.0 % likely, and “ green” 30.0 %: a near tie"
    )
    assert odds(token((7, b"\x1b\xff", 0.0001), blue, green), 9) == (
        "the model found “^[\N{REPLACEMENT CHARACTER}” under 0.1 % likely, and the stored token at most 30.0 %"
    )
    assert odds(token(), 5) == ""


def test_settings_of_another_version_are_named(fixed: ModelHost, store: Store) -> None:
    recording = recall(store, said(fixed, store))
    given = json.loads(recording.reply.facts.params)
    given["generation"] |= {"later": 1, "temp": "hot"}
    given["load"].pop("n_batch")
    read = recorded_params(replace(recording.reply.facts, params=json.dumps(given)))
    assert set(read.unknown) == {"later", "temp"}
    assert read.load == recording.load and read.generation.temp == GenerationParams().temp
    assert fixed.model is not None
    (line,) = differences(replace(recording, unknown=read.unknown), fixed.model)
    assert line.startswith("settings that this version cannot follow: ")
