"""Discord's answer to a form that it does not take: error 50035, with each fault under the path of its field."""

from __future__ import annotations

from sandbox.semantics import BackendError
from sandbox.wire import Payload

INVALID_FORM = 50035


def form_error(path: str, sentence: str, code: str = "BASE_TYPE_INVALID") -> BackendError:
    """The refusal of one field, by its path such as "components.0.custom_id"."""
    errors: Payload = {"_errors": [{"code": code, "message": sentence}]}
    for name in reversed(path.split(".")):
        errors = {name: errors}
    return BackendError(400, INVALID_FORM, "Invalid Form Body", errors=errors)


def check_length(path: str, value: object, least: int, most: int) -> None:
    """Raises: BackendError where a value is not text of so many characters."""
    if not isinstance(value, str):
        raise form_error(path, "Could not interpret value as string.", "BASE_TYPE_STRING")
    if not least <= len(value) <= most:
        raise form_error(path, f"Must be between {least} and {most} in length.", "BASE_TYPE_BAD_LENGTH")
