"""A modal filled in by a person, as the bot receives it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.options import Resolver
from sandbox.semantics import ComponentType, OptionType, walk_components
from sandbox.wire import Payload, Refused

SELECTED_ENTITIES = {
    ComponentType.USER_SELECT: OptionType.USER,
    ComponentType.ROLE_SELECT: OptionType.ROLE,
    ComponentType.MENTIONABLE_SELECT: OptionType.MENTIONABLE,
    ComponentType.CHANNEL_SELECT: OptionType.CHANNEL,
}
REQUIRED_UNLESS_SAID = {ComponentType.TEXT_INPUT, ComponentType.STRING_SELECT, *SELECTED_ENTITIES}
CONTROLS = REQUIRED_UNLESS_SAID | {
    ComponentType.FILE_UPLOAD,
    ComponentType.RADIO_GROUP,
    ComponentType.CHECKBOX_GROUP,
    ComponentType.CHECKBOX,
}


def fill_modal(modal: Payload, fields: Mapping[str, Any], resolver: Resolver) -> list[Payload]:
    """The `components` of a submission, from values by custom id; files are (name, content) tuples.

    Raises:
        Refused: a value is missing, unknown, or not what its control takes.
    """
    controls = [control for control in walk_components(modal["components"]) if control["type"] in CONTROLS]
    if unknown := fields.keys() - {control["custom_id"] for control in controls}:
        raise Refused(f"The form has no field {sorted(unknown)[0]}.")
    return [_submitted(component, fields, resolver) for component in modal["components"]]


def choose(menu: Payload, chosen: Iterable[Any], resolver: Resolver, *, required: bool = True) -> list[str]:
    """The values of a select menu as the wire writes them, checked against its options and bounds."""
    values = list(dict.fromkeys(chosen))
    least = menu["min_values"] if menu.get("min_values") is not None else 1
    most = menu["max_values"] if menu.get("max_values") is not None else 1
    if not least <= len(values) <= most and (values or required):
        raise Refused(f"Choose between {least} and {most}, not {len(values)}.")
    kind = ComponentType(menu["type"])
    if kind in SELECTED_ENTITIES:
        return [resolver.entity(SELECTED_ENTITIES[kind], value) for value in values]
    return [_option(menu, value) for value in values]


def _submitted(component: Payload, fields: Mapping[str, Any], resolver: Resolver) -> Payload:
    """One component of the form with its values, its layout kept."""
    node: Payload = {"type": component["type"], "id": component["id"]}
    if "component" in component:
        return node | {"component": _submitted(component["component"], fields, resolver)}
    if "components" in component:
        return node | {"components": [_submitted(child, fields, resolver) for child in component["components"]]}
    if component["type"] not in CONTROLS:
        return node
    return node | {"custom_id": component["custom_id"]} | _control(component, fields, resolver)


def _control(component: Payload, fields: Mapping[str, Any], resolver: Resolver) -> Payload:
    kind, name = ComponentType(component["type"]), component["custom_id"]
    value = fields.get(name)
    required = bool(component.get("required", kind in REQUIRED_UNLESS_SAID))
    if required and (value is None or value in ("", [])):
        raise Refused(f"The field {name} must be filled in.")
    if kind is ComponentType.TEXT_INPUT:
        return {"value": _text(component, "" if value is None else value)}
    if kind is ComponentType.RADIO_GROUP:
        return {"value": None if value is None else _option(component, value)}
    if kind is ComponentType.CHECKBOX:
        return {"value": bool(component.get("default", False) if value is None else value)}
    values = [] if value is None else [value] if isinstance(value, str | tuple) else list(value)
    if kind is ComponentType.FILE_UPLOAD:
        return {"values": [resolver.file(*_file(name, item)) for item in values]}
    if kind is ComponentType.CHECKBOX_GROUP:
        return {"values": [_option(component, item) for item in values]}
    return {"values": choose(component, values, resolver, required=required)}


def _text(component: Payload, value: Any) -> str:
    least, most = component.get("min_length") or 0, component.get("max_length") or 4000
    if not isinstance(value, str):
        raise Refused(f"The field {component['custom_id']} takes text.")
    if value and not least <= len(value) <= most:
        raise Refused(f"The field {component['custom_id']} takes {least} to {most} characters.")
    return value


def _option(component: Payload, value: Any) -> str:
    if value not in [option["value"] for option in component.get("options") or []]:
        raise Refused(f"{value} is not one of the choices.")
    return str(value)


def _file(name: str, item: Any) -> tuple[str, bytes]:
    if isinstance(item, tuple) and len(item) == 2:
        return item
    raise Refused(f"The field {name} takes files.")
