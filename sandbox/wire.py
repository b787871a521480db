"""The few types that cross this sandbox's borders: JSON objects, uploads, and refusals in Discord's shape."""

from __future__ import annotations

from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, TypeAlias

Payload: TypeAlias = dict[str, Any]  # one JSON object exactly as Discord writes it


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """One file of a request; the attributes are the ones simcord's route handlers read."""

    filename: str
    fp: BytesIO
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RestCall:
    """A bot's request after the wire: decoded path, body, query and files."""

    method: str
    path: str
    json: Any = None
    params: dict[str, str] = field(default_factory=dict)
    files: tuple[Upload, ...] = ()
    reason: str | None = None


class ApiError(Exception):
    """A request that Discord would refuse, with the status and JSON body of its refusal."""

    def __init__(self, status: int, code: int, message: str, errors: Payload | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.errors = errors

    def to_json(self) -> Payload:
        """The body of the answer."""
        body: Payload = {"message": self.message, "code": self.code}
        if self.errors is not None:
            body["errors"] = self.errors
        return body


class Refused(Exception):
    """Something a person cannot do here; the text is a sentence fit for that person."""
