"""What Discord asks of a poll before it takes it, and how one ends by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sandbox.semantics import BackendError, Engine

MAX_QUESTION_CHARACTERS = 300
MAX_ANSWERS = 10
MAX_ANSWER_CHARACTERS = 55
MAX_HOURS = 768  # 32 days
AFTER_SECONDS = 0.05  # the loop's clock and the wall's differ a little: a poll must be over when it is looked at


def check_poll(poll: Mapping[str, Any]) -> None:
    """Raises: BackendError where Discord would refuse such a poll."""
    answers = [str(answer.get("poll_media", {}).get("text") or "") for answer in poll.get("answers") or []]
    for field, is_right in (
        ("question", 1 <= len(str((poll.get("question") or {}).get("text") or "")) <= MAX_QUESTION_CHARACTERS),
        ("answers", 1 <= len(answers) <= MAX_ANSWERS),
        ("answers.text", all(1 <= len(answer) <= MAX_ANSWER_CHARACTERS for answer in answers)),
        ("duration", 1 <= float(poll.get("duration") or 24) <= MAX_HOURS),
    ):
        if not is_right:
            raise BackendError(400, 50035, f"Invalid Form Body: poll.{field}: This value is not allowed.")


class Deadlines:
    """Lets every poll end at its time, those of an earlier life of the sandbox too."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        engine.subscribers.append(self._watch)
        for messages in engine.messages.values():
            for message in messages.values():
                if message.poll is not None and not message.poll.finalized:
                    self._end_at(message.poll.expiry)

    def _watch(self, event: str, payload: Mapping[str, Any]) -> None:
        poll = payload.get("poll") if event in ("MESSAGE_CREATE", "MESSAGE_UPDATE") else None
        if poll and not poll["results"]["is_finalized"]:
            self._end_at(poll["expiry"])

    def _end_at(self, expiry: str) -> None:
        left = datetime.fromisoformat(expiry) - datetime.fromisoformat(self._engine.now_iso())
        after = max(0.0, left.total_seconds()) + AFTER_SECONDS
        asyncio.get_running_loop().call_later(after, self._engine.expire_due_polls)
