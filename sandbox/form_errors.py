"""Discord's answer to a form that it does not take: error 50035, with each fault under the path of its field."""

from __future__ import annotations

import re

from sandbox.semantics import BackendError
from sandbox.wire import Payload

INVALID_FORM = 50035
EMPTY_MESSAGE = 50006
SIMCORDS_FAULT = re.compile(r"Invalid Form Body: (?P<path>[a-z][\w.\[\]]*): (?P<sentence>.+)", re.DOTALL)


def form_error(path: str, sentence: str, code: str = "BASE_TYPE_INVALID") -> BackendError:
    """The refusal of one field, by its path such as "components.0.custom_id", or of the whole form."""
    errors: Payload = {"_errors": [{"code": code, "message": sentence}]}
    for name in reversed(path.split(".") if path else []):
        errors = {name: errors}
    return BackendError(400, INVALID_FORM, "Invalid Form Body", errors=errors)


def check_length(path: str, value: object, least: int, most: int) -> None:
    """Raises: BackendError where a value is not text of so many characters."""
    if not isinstance(value, str):
        raise form_error(path, "Could not interpret value as string.", "BASE_TYPE_STRING")
    if not least <= len(value) <= most:
        raise form_error(path, f"Must be between {least} and {most} in length.", "BASE_TYPE_BAD_LENGTH")


def as_discord_says(error: BackendError, prefix: str) -> BackendError:
    """simcord's refusal of a form with its field's path where Discord has it; any other refusal as it is.

    simcord writes the path into the sentence, those of a modal below "components." once more.
    """
    if error.code != INVALID_FORM or error.errors is not None:
        return error
    if error.message.endswith("Cannot send an empty message"):
        return BackendError(400, EMPTY_MESSAGE, "Cannot send an empty message")
    fault = SIMCORDS_FAULT.match(error.message)
    if fault is None:
        return error
    path = fault["path"].replace("[", ".").replace("]", "").replace("..", ".").rstrip(".")
    path = re.sub(r"^components\.(?=[a-z])", "", path)
    return form_error(prefix + path, fault["sentence"])
