"""What people, conversations and places are called where nobody may know who and which they are; pure."""

from __future__ import annotations

from hashlib import blake2b

DIGEST_BYTES = 16  # as 32 letters, half of what the API takes


class Pseudonyms:
    """Names that are the same each time, and that nobody makes or finds out without this bot's own secret.

    Discord's ids are public: of a hash without a secret, whoever has a list of members could try which it is of.
    """

    def __init__(self, secret: str) -> None:
        self._key = blake2b(secret.encode()).digest()

    def user(self, id: int) -> str:
        """A person."""
        return self._of("user", id)

    def conversation(self, id: int) -> str:
        """A conversation."""
        return self._of("conversation", id)

    def place(self, id: int) -> str:
        """A channel or thread."""
        return self._of("place", id)

    def _of(self, kind: str, id: int) -> str:
        named = f"{kind} {id}".encode()
        return blake2b(named, key=self._key, digest_size=DIGEST_BYTES, person=b"parley-name").hexdigest()
