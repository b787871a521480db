"""The secrets of moderators' tools, which nobody reads in the database, and nobody is ever shown again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pydantic import SecretStr

from bot.errors import Refusal

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

NO_KEY = (
    "Secret: this bot cannot keep secrets yet. The host has to put SECRETS_KEY into .env, made as .env.example says, "
    "and start the bot again; without a secret the tool can be added now."
)
UNREADABLE = (
    "The secret of this tool cannot be read any more, because the host changed SECRETS_KEY, so it is not used. "
    "A moderator can enter it anew with /tools edit."
)


class Secrets:
    """Encrypts with the first of the host's keys, and decrypts with any: a new key is put before the old one."""

    def __init__(self, keys: SecretStr) -> None:
        """`keys` are Fernet keys with commas in between; without any there are no secrets."""
        written = [key for key in map(str.strip, keys.get_secret_value().split(",")) if key]
        self._keys = keyring(written) if written else None

    def encrypted(self, secret: str) -> str:
        """What to store.  Raises: Refusal without a key."""
        if self._keys is None:
            raise Refusal(NO_KEY)
        return self._keys.encrypt(secret.encode()).decode()

    def decrypted(self, stored: str) -> str:
        """The secret.  Raises: Refusal if none of the keys fits."""
        if self._keys is None:
            raise Refusal(UNREADABLE)
        from cryptography.fernet import InvalidToken

        try:
            return self._keys.decrypt(stored).decode()
        except InvalidToken as exc:
            raise Refusal(UNREADABLE) from exc


def keyring(keys: Sequence[str]) -> MultiFernet:
    """All keys as one.  Raises: ValueError for what is no key."""
    from cryptography.fernet import Fernet, MultiFernet  # 7 MB, for hosts whose moderators have secrets

    return MultiFernet([Fernet(key) for key in keys])
