"""To which answer a write belongs, and when an answer is whole."""

from __future__ import annotations

from bench.script import Script, number_in
from bench.situations import SITUATIONS
from bench.watch import Watch, Watched
from sandbox.journal import RequestRecord

CHANNEL = 5


def watched(number: int, token_count: int = 10) -> Watched:
    """An answer that is waited for."""
    script = Script(number, token_count)
    return Watched(script, CHANNEL, 100 + number, 1.0, "".join(script.tokens()))


def post(message_id: int, content: str, *, status: int = 200, method: str = "POST") -> RequestRecord:
    """What the journal says of a post or, with another method, an edit."""
    route = "/channels/{channel_id}/messages" + ("" if method == "POST" else "/{message_id}")
    return RequestRecord(
        number=1,
        at=2.0,
        at_ms=2000,
        method=method,
        route=route,
        path="",
        status=status,
        channel_id=CHANNEL,
        message_id=message_id,
        content=content,
    )


def test_watch_gives_each_message_to_the_answer_that_it_begins_or_continues() -> None:
    """Two answers grow side by side in one channel, one over two pages."""
    watch, one, two = Watch(), watched(1), watched(2)
    watch.expect(one)
    watch.expect(two)
    head, tail = one.text[:20].strip(), one.text[20:].strip()
    watch.take(post(11, "A1:"))
    watch.take(post(12, two.text))
    watch.take(post(11, head, method="PATCH"))
    watch.take(post(13, tail))
    assert [write.message_id for write in one.writes] == [11, 11, 13]
    assert one.whole.is_set()
    assert two.whole.is_set()
    assert (watch.calls, watch.refused, watch.strays) == (4, 0, 0)


def test_watch_counts_refusals_and_messages_that_belong_to_no_answer() -> None:
    """A 429 changes nothing that can be seen; an error's sentence is no part of an answer."""
    watch, one = Watch(), watched(1)
    watch.expect(one)
    watch.take(post(11, one.text, status=429))
    watch.take(post(12, "Something went wrong."))
    assert (watch.calls, watch.refused, watch.strays) == (2, 1, 1)
    assert not one.whole.is_set()


def test_scripts_say_the_same_in_every_process_and_tell_their_number() -> None:
    """The provider and the one who compares make an answer's words apart from each other."""
    script = Script(17, 150)
    assert script.tokens() == Script(17, 150).tokens()
    assert len(script.tokens()) == 150
    assert number_in(script.tokens()[0]) == 17
    assert script.tokens()[1:] != Script(18, 150).tokens()[1:]
    assert script.story().answer() == "".join(script.tokens())


def test_situations_ask_each_question_once_and_each_length_about_equally_often() -> None:
    """No two answers share a number, and in each wave the lengths differ by one at most in how often they come."""
    for situation in SITUATIONS:
        scripts = [question.script for talker in situation.talkers() for wave in talker.waves for question in wave]
        assert len({script.number for script in scripts}) == len(scripts)
        lengths = [script.token_count for script in scripts]
        counts = {length: lengths.count(length) for length in set(lengths)}
        assert max(counts.values()) - min(counts.values()) <= situation.waves
