"""Files on their way to a provider."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import httpx

from bot.providers.endpoints.media import content_type_of

UNKNOWN_TYPE = "application/octet-stream"
# Providers read no more of a name than its ending.
MAX_NAME_CHARACTERS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file as it is sent: its bytes, and a name whose ending fits them, because some servers go by it."""

    name: str
    content: bytes = field(repr=False)

    @property
    def content_type(self) -> str:
        """What the bytes are, by their beginning: people's names for files are often wrong, and servers check."""
        return content_type_of(self.content) or UNKNOWN_TYPE

    @property
    def sent_name(self) -> str:
        """The last part of the name."""
        return _sendable(self.name.replace("\\", "/").rpartition("/")[2])[-MAX_NAME_CHARACTERS:] or "file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """The body of a `multipart/form-data` request: texts by name, a list under one name as often, and files."""

    fields: Mapping[str, str | Sequence[str]]
    files: Sequence[tuple[str, File]]

    def encoded(self) -> tuple[bytes, str]:
        """The body and its content type, which names the boundary."""
        fields = {
            name: _sendable(value) if isinstance(value, str) else [_sendable(one) for one in value]
            for name, value in self.fields.items()
        }
        parts = [(name, (file.sent_name, file.content, file.content_type)) for name, file in self.files]
        request = httpx.Request("POST", "http://form.invalid", data=fields, files=parts)
        return request.read(), request.headers["Content-Type"]


def _sendable(text: str) -> str:
    """The text without halves of characters, which models and people can write but nobody can send."""
    return text.encode("utf-8", "replace").decode()
