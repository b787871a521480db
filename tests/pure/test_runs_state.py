"""What is written down of a remote run: names that tell its calls apart, and what is known of a thread."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.providers.assistants.runs_state import RemoteRun, RemoteThread

RUN = RemoteRun(owner="run 7", mark="mark")
IDS = st.lists(st.sampled_from(["call_1", "call_2", "", "parley_1", "a b", "x" * 200]), min_size=1, max_size=4)


@given(st.lists(IDS, min_size=1, max_size=5))
def test_calls_of_a_run_have_names_of_their_own(legs: list[list[str]]) -> None:
    """Whatever ids a server gives, in whichever step, each call has another name, and keeps it."""
    run, names = RUN, list[str]()
    for ids in legs:
        run = run.asking(tuple(ids), 0)
        assert run.asking(tuple(ids), 3).call_names == run.call_names  # asked again, after a crash
        names += run.call_names
        run = run.submitting()
        assert run.call_names == tuple(names[-len(ids) :])
    assert len(set(names)) == len(names)


def test_good_ids_are_kept() -> None:
    """A log of ours can be compared with the provider's."""
    assert RUN.asking(("call_aB3-x", "toolu.9"), 1).call_names == ("call_aB3-x", "toolu.9")


def test_bookmark_is_read_as_it_was_written() -> None:
    """Also by a process that knows nothing else; what is none is no thread."""
    thread = RemoteThread(id="thread_1", keys=("1 a", "run 1"), run=RUN.asking(("a",), 1).submitting())
    assert RemoteThread.read(thread.model_dump(mode="json")) == thread
    assert RemoteThread.read(None) is RemoteThread.read({}) is RemoteThread.read({"response_id": "resp_1"}) is None


def test_what_the_newest_run_wrote_counts_as_known() -> None:
    """As often as the history has it; at least once, so that a history without it is another conversation."""
    thread = RemoteThread(id="thread_1", keys=("1 a",), run=RUN)
    assert thread.known(("1 a", "run 7", "run 7", "2 b")) == ("1 a", "run 7", "run 7")
    assert thread.known(("1 a", "2 b")) == ("1 a", "run 7")
