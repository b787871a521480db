"""What is written down of a conversation that a server with threads and runs keeps, so that nothing is done twice."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

# Of the newest messages; more than the window of a model holds, and still a small row.
MAX_KEYS = 400
# Ids that go through every store and log as they are, and none of our own making.
WELL_FORMED = re.compile(r"(?!parley_)[\w.:-]{1,100}", re.ASCII)


class RemoteRun(BaseModel):
    """The run that goes on in a thread, for the answer named `owner`.

    `id` is empty from before the run is created until its id is known: meanwhile its `mark`, which is in its metadata,
    finds it.  `awaiting` are the server's ids of the calls that it asked for last; from before their outputs are sent
    `is_submitting`.  `given` are the names that earlier calls have here.  Of the run's messages, `messages_before`
    came before the last outputs, and `messages` before the last calls.  One that `is_over` was told to its end.
    """

    model_config = ConfigDict(frozen=True)

    owner: str
    mark: str
    id: str = ""
    awaiting: tuple[str, ...] = ()
    given: tuple[str, ...] = ()
    is_submitting: bool = False
    is_over: bool = False
    messages_before: int = 0
    messages: int = 0

    @property
    def call_names(self) -> tuple[str, ...]:
        """What the awaited calls are called here: as the server does, where that tells the calls of a run apart."""
        names: list[str] = []
        for id in self.awaiting:
            is_good = WELL_FORMED.fullmatch(id) and id not in self.given and id not in names
            names.append(id if is_good else f"parley_{len(self.given) + len(names)}")
        return tuple(names)

    def asking(self, call_ids: tuple[str, ...], messages: int) -> Self:
        """The run as it waits for the outputs of these calls, having written so many messages."""
        if call_ids == self.awaiting and not self.is_submitting:
            return self.model_copy(update={"messages": messages})
        given = (*self.given, *self.call_names)
        update = {"awaiting": call_ids, "given": given, "is_submitting": False, "messages": messages}
        return self.model_copy(update=update)

    def submitting(self) -> Self:
        """The run as the outputs of its calls are about to be sent."""
        return self.model_copy(update={"is_submitting": True, "messages_before": self.messages})


class RemoteThread(BaseModel):
    """A thread, the keys of the messages in it without those that its newest run wrote, and that run.

    `removed` is how many messages the conversation had lost when they were said.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    keys: tuple[str, ...]
    run: RemoteRun
    removed: int = 0

    @classmethod
    def read(cls, bookmark: Mapping[str, Any] | None) -> Self | None:
        """The thread in a bookmark; None where there is none, or one of another kind."""
        try:
            return None if bookmark is None else cls.model_validate(bookmark)
        except ValidationError:
            return None

    def with_run(self, run: RemoteRun) -> Self:
        """The thread with this run in it."""
        return self.model_copy(update={"run": run})

    def known(self, keys: tuple[str, ...]) -> tuple[str, ...]:
        """The keys in the thread, those of its newest run as often as a history has them."""
        return (*self.keys, *(self.run.owner,) * max(1, keys.count(self.run.owner)))
