"""What Discord asks of components, forms and suggestions, beyond what simcord asks of them already.

Sentences and codes are Discord's own where bots have quoted them; the paths of fields always are.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sandbox.form_errors import check_length, form_error
from sandbox.semantics import CallbackType, ComponentType
from sandbox.wire import Payload

MOST_CONTENT_CHARACTERS = 2000
MOST_CHOICES = 25
MOST_CHOICE_CHARACTERS = 100
MOST_CUSTOM_ID_CHARACTERS = 100
MOST_LABEL_CHARACTERS = 45
MOST_INPUT_CHARACTERS = 4000
LINK_STYLE = 5
PREMIUM_STYLE = 6
EMOJI_SIGNS = ("\ufe0f", "\u20e3")  # shows the sign before it as an emoji; the key around a digit
SCHEMES = ("http", "https", "discord")
CHOSEN_KINDS: Mapping[int, tuple[str, ...]] = {  # which default values a select menu takes
    ComponentType.USER_SELECT: ("user",),
    ComponentType.ROLE_SELECT: ("role",),
    ComponentType.MENTIONABLE_SELECT: ("user", "role"),
    ComponentType.CHANNEL_SELECT: ("channel",),
}


def check_body(body: Mapping[str, Any], *, is_callback: bool) -> None:
    """Check what a request carries: a message, or the first answer to an interaction.

    Raises:
        BackendError: Discord would refuse it.
    """
    if not is_callback:
        check_message(body, "")
        return
    data = body.get("data") or {}
    if body.get("type") == CallbackType.MODAL:
        check_modal(data)
    elif body.get("type") == CallbackType.APPLICATION_COMMAND_AUTOCOMPLETE_RESULT:
        check_choices(data.get("choices") or [])
    else:
        check_message(data, "data.")


def check_message(body: Mapping[str, Any], prefix: str) -> None:
    """Raises: BackendError where a message's text or components are not as Discord takes them."""
    if len(str(body.get("content") or "")) > MOST_CONTENT_CHARACTERS:
        sentence = f"Must be {MOST_CONTENT_CHARACTERS} or fewer in length."
        raise form_error(f"{prefix}content", sentence, "BASE_TYPE_MAX_LENGTH")
    _check_components(body.get("components") or [], f"{prefix}components")


def check_modal(data: Mapping[str, Any]) -> None:
    """Raises: BackendError where a form is not as Discord takes it."""
    components = data.get("components") or []
    for path, component in _walk(components, "data.components"):
        if component.get("disabled"):
            raise form_error(f"{path}.disabled", "Components in a modal cannot be disabled.", "BASE_TYPE_CHOICES")
        if component.get("type") == ComponentType.ACTION_ROW:
            for inner in component.get("components") or []:
                if inner.get("type") != ComponentType.TEXT_INPUT:
                    raise form_error(f"{path}.components.0.type", "Value must be one of (4,).", "BASE_TYPE_CHOICES")
                check_length(f"{path}.components.0.label", inner.get("label"), 1, MOST_LABEL_CHARACTERS)
    _check_components(components, "data.components")


def check_choices(choices: Sequence[Mapping[str, Any]]) -> None:
    """Raises: BackendError where suggestions are too many, or one of them is too long."""
    if len(choices) > MOST_CHOICES:
        raise form_error("data.choices", f"Must be {MOST_CHOICES} or fewer in length.", "BASE_TYPE_MAX_LENGTH")
    for index, choice in enumerate(choices):
        path = f"data.choices.{index}"
        check_length(f"{path}.name", choice.get("name"), 1, MOST_CHOICE_CHARACTERS)
        for locale, name in (choice.get("name_localizations") or {}).items():
            check_length(f"{path}.name_localizations.{locale}", name, 1, MOST_CHOICE_CHARACTERS)
        if isinstance(choice.get("value"), str):
            check_length(f"{path}.value", choice["value"], 1, MOST_CHOICE_CHARACTERS)


# ------------------------------------------------------------------ components


def _walk(components: Any, path: str) -> Iterator[tuple[str, Payload]]:
    """Every component with its path, as Discord names both."""
    for index, component in enumerate(components if isinstance(components, list) else []):
        if isinstance(component, dict):
            yield from _walk_one(component, f"{path}.{index}")


def _walk_one(component: Payload, path: str) -> Iterator[tuple[str, Payload]]:
    yield path, component
    yield from _walk(component.get("components"), f"{path}.components")
    for name in ("accessory", "component"):
        if isinstance(component.get(name), dict):
            yield from _walk_one(component[name], f"{path}.{name}")


def _check_components(components: Any, root: str) -> None:
    custom_ids: set[str] = set()
    for path, component in _walk(components, root):
        custom_id = component.get("custom_id")
        if custom_id is not None:
            check_length(f"{path}.custom_id", custom_id, 1, MOST_CUSTOM_ID_CHARACTERS)
            if custom_id in custom_ids:
                sentence = "Component custom id cannot be duplicated"
                raise form_error(f"{path}.custom_id", sentence, "COMPONENT_CUSTOM_ID_DUPLICATED")
            custom_ids.add(custom_id)
        check = CHECKS.get(component.get("type", 0))
        if check is not None:
            check(component, path)


def _check_button(button: Payload, path: str) -> None:
    style = button.get("style")
    if style != PREMIUM_STYLE and not button.get("label") and not button.get("emoji"):
        raise form_error(path, "A button must have either a label or an emoji.", "BUTTON_COMPONENT_LABEL_REQUIRED")
    scheme = str(button.get("url")).partition(":")[0]
    if style == LINK_STYLE and scheme.lower() not in SCHEMES:
        sentence = f'Scheme "{scheme}" is not supported. Scheme must be one of {SCHEMES}.'
        raise form_error(f"{path}.url", sentence, "URL_TYPE_INVALID_SCHEME")
    _check_emoji(button.get("emoji"), f"{path}.emoji")


def _check_emoji(emoji: Any, path: str) -> None:
    """An emoji of a server has an id; any other is a symbol, which letters and arrows of text are not."""
    if not isinstance(emoji, Mapping) or emoji.get("id"):
        return
    name = str(emoji.get("name") or "")
    if not any(sign in EMOJI_SIGNS or unicodedata.category(sign) == "So" for sign in name):
        raise form_error(f"{path}.name", "Invalid emoji", "BUTTON_COMPONENT_INVALID_EMOJI")


def _bounds(menu: Payload) -> tuple[int, int]:
    return (1 if menu.get("min_values") is None else menu["min_values"]), (menu.get("max_values") or 1)


def _check_string_select(menu: Payload, path: str) -> None:
    options, (_, most) = menu.get("options") or [], _bounds(menu)
    if len(options) < most:  # Discord takes the greatest choice for the least number of options
        sentence = f"Must be between {most} and {MOST_CHOICES} in length."
        raise form_error(f"{path}.options", sentence, "BASE_TYPE_BAD_LENGTH")
    if sum(bool(option.get("default")) for option in options) > most:
        raise form_error(f"{path}.options", f"Must have {most} or fewer defaults.", "SELECT_TOO_MANY_DEFAULTS")
    for index, option in enumerate(options):
        _check_emoji(option.get("emoji"), f"{path}.options.{index}.emoji")


def _check_entity_select(menu: Payload, path: str) -> None:
    chosen, (least, most) = menu.get("default_values") or [], _bounds(menu)
    if chosen and not least <= len(chosen) <= most:
        sentence = f"Must be between {least} and {most} in length."
        raise form_error(f"{path}.default_values", sentence, "BASE_TYPE_BAD_LENGTH")
    for index, value in enumerate(chosen):
        if value.get("type") not in CHOSEN_KINDS[menu["type"]] or not str(value.get("id")).isdecimal():
            sentence = f"Value must be one of {CHOSEN_KINDS[menu['type']]}."
            raise form_error(f"{path}.default_values.{index}.type", sentence, "BASE_TYPE_CHOICES")


def _check_text_input(field: Payload, path: str) -> None:
    most = field.get("max_length") or MOST_INPUT_CHARACTERS
    if len(str(field.get("value") or "")) > most:
        raise form_error(f"{path}.value", f"Must be {most} or fewer in length.", "BASE_TYPE_MAX_LENGTH")


def _check_file(file: Payload, path: str) -> None:
    if not str((file.get("file") or {}).get("url")).startswith(("attachment://", "http://127.0.0.1:")):
        raise form_error(f"{path}.file.url", "File components take attachments only.", "URL_TYPE_INVALID_SCHEME")


def _check_container(container: Payload, path: str) -> None:
    if not container.get("components"):
        raise form_error(f"{path}.components", "This field is required", "BASE_TYPE_REQUIRED")


CHECKS: Mapping[int, Callable[[Payload, str], None]] = {
    ComponentType.BUTTON: _check_button,
    ComponentType.STRING_SELECT: _check_string_select,
    **dict.fromkeys(CHOSEN_KINDS, _check_entity_select),
    ComponentType.TEXT_INPUT: _check_text_input,
    ComponentType.FILE: _check_file,
    ComponentType.CONTAINER: _check_container,
}
