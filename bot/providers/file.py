"""`providers.toml`: which providers there are, beside the one that the environment describes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bot.errors import ConfigurationError
from bot.providers.configuration import DEFAULT, NAME, ProviderConfiguration
from bot.settings import Settings
from bot.settings_values import complaint
from bot.tables import filled, tables_in

# What may refer to variables: addresses and names of assistants differ from host to host, keys and headers are secret.
FILLED = ("base_url", "keys", "headers", "assistant_id")
# As long as no placeholder is that servers without keys are given, such as `none` or `not-needed`.
MIN_KEY_CHARACTERS = 16
LOOKS_LIKE_A_KEY = re.compile(rf"(?:Bearer )?[\w.+/=-]{{{MIN_KEY_CHARACTERS},}}")
# Whoever has one of these is the bot, or reads what it keeps secret.
OWN_SECRETS = re.compile(r"\$\{?(DISCORD_TOKEN|SECRETS_KEY)\b")
FIELDS = tuple(name for name in ProviderConfiguration.model_fields if name != "name")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfiguredProviders:
    """All providers of the host, the first for models that name none; `warnings` are sentences for the host."""

    providers: tuple[ProviderConfiguration, ...]
    warnings: tuple[str, ...] = ()


def providers_of(settings: Settings) -> ConfiguredProviders:
    """The providers of the environment and of the file, which fit each other and the model that the host has chosen.

    Raises: ConfigurationError, one sentence per line and mistake.
    """
    file = Path(settings.providers_file)
    found = read_providers(file, settings.environment, own=settings.provider)
    names = [provider.name for provider in found.providers]
    if not names:
        raise ConfigurationError(
            f"PROVIDER_BASE_URL is not set, and {file} lists no provider: set it in .env, for example "
            "PROVIDER_BASE_URL=https://api.openai.com/v1, or write a table [providers.NAME]."
        )
    name, slash, _ = settings.provider_model.partition("/")
    if settings.provider is None and not (slash and name in names):
        raise ConfigurationError(
            f"PROVIDER_MODEL must begin with a provider of {file} ({', '.join(names)}); "
            f"for example PROVIDER_MODEL={names[0]}/{settings.provider_model.rpartition('/')[2]}."
        )
    return found


def read_providers(
    file: Path, environment: Mapping[str, str], *, own: ProviderConfiguration | None = None
) -> ConfiguredProviders:
    """The providers of a file, which may be missing, after the environment's own.

    Raises: ConfigurationError, one sentence per line and mistake.
    """
    tables, faults = tables_in(file, "providers")
    found = [own] if own is not None else []
    for name, entry in tables.items():
        try:
            check_name(name, [DEFAULT, *(provider.name for provider in found)])
            found.append(read_provider(name, entry, environment))
        except ConfigurationError as fault:
            faults += [f"{file}: the provider {name}: {line}" for line in str(fault).splitlines()]
    if not faults:  # else a fallback could seem to lead to no provider, because of another mistake
        faults += [f"{file}: the provider {fault}" for provider in found for fault in dead_ends(provider, found)]
    if faults:
        raise ConfigurationError("\n".join(faults))
    open_secrets = (secret for name, entry in tables.items() for secret in written_out(name, entry))
    warnings = tuple(f"{file}: the provider {secret}" for secret in open_secrets)
    return ConfiguredProviders(providers=tuple(found), warnings=warnings)


def check_name(name: str, taken: Iterable[str]) -> None:
    """Raises: ConfigurationError, unless a provider may have this name."""
    if name.casefold() in taken:
        other = "PROVIDER_BASE_URL is for" if name.casefold() == DEFAULT else "the file lists already"
        raise ConfigurationError(f"there are two of this name, with the one that {other}: rename one of them.")
    if not NAME.fullmatch(name):
        raise ConfigurationError(
            "its name must be of a-z, 0-9, hyphens and underscores, at most 32 characters; "
            "for example [providers.openai]."
        )


def read_provider(name: str, entry: object, environment: Mapping[str, str]) -> ProviderConfiguration:
    """One provider.  Raises: ConfigurationError, one line for each mistake; never with a value that was filled in."""
    if not isinstance(entry, dict):
        raise ConfigurationError("it must be a table that begins with [providers.NAME].")
    faults: list[str] = []
    given = {key: with_variables(key, value, environment, faults) for key, value in entry.items()}
    if "name" in entry:
        faults.append("name is unknown: it stands in [providers.NAME].")
    try:
        provider = ProviderConfiguration.model_validate(given | {"name": name})
    except ValidationError as exc:
        # What lacks a variable is no address either, and has been told.
        told = {fault.partition(" ")[0].partition(".")[0] for fault in faults}
        errors = exc.errors(include_url=False, include_input=False)
        faults += [finding(error) for error in errors if not error["loc"] or error["loc"][0] not in told]
    if faults:
        # No cause: it could print what was filled in.
        raise ConfigurationError("\n".join(faults)) from None
    return provider


def with_variables(field: str, value: Any, environment: Mapping[str, str], faults: list[str]) -> Any:
    """A field's value with its `$VARIABLES` replaced, where it may have some."""
    if field not in FILLED:
        return value
    if own := OWN_SECRETS.search(str(value)):
        faults.append(f"{field} names {own[1]}, which is for no provider: name the provider's own key.")
    match value:
        case list():
            return tuple(filled(f"{field}.{number}", text, environment, faults) for number, text in enumerate(value, 1))
        case dict():
            return {key: filled(f"{field}.{key}", text, environment, faults) for key, text in value.items()}
    return filled(field, value, environment, faults)


def dead_ends(provider: ProviderConfiguration, providers: Iterable[ProviderConfiguration]) -> Iterator[str]:
    """What is wrong with a provider's fallbacks: each must lead to another model of a provider that there is."""
    names = [other.name for other in providers]
    for pattern, references in provider.fallbacks.items():
        for reference in references:
            name, slash, model = reference.partition("/")
            where = f"{provider.name}: fallbacks.{pattern}:"
            if not slash or not model or name not in names:
                close = get_close_matches(name, names, n=1)
                hint = f"did you mean {close[0]}/{model or 'MODEL'}?" if close else f"there are {', '.join(names)}."
                yield f"{where} {reference} must be a provider/model of a provider that is listed: {hint}"
            elif (name, model) == (provider.name, pattern):
                yield f"{where} {reference} falls back to itself: name another model or another provider."


def written_out(name: str, entry: Mapping[str, Any]) -> Iterator[str]:
    """Warnings of secrets that stand in the file itself."""
    headers = entry.get("headers", {}).items()
    texts = [("keys", text) for text in entry.get("keys", ())] + [(f"headers.{key}", text) for key, text in headers]
    for field in dict.fromkeys(field for field, text in texts if LOOKS_LIKE_A_KEY.fullmatch(text)):
        variable = f"{name.upper().replace('-', '_')}_KEY"
        yield f"{name}: {field} holds a secret itself: write ${variable} there, and {variable}=… into .env."


def finding(error: Any) -> str:
    """pydantic's finding about one field, with an example of what would be right; never what was entered."""
    path, (field, *_) = ".".join(map(str, error["loc"])), error["loc"]
    if error["type"] == "extra_forbidden" and len(error["loc"]) == 1:
        close = get_close_matches(str(field), FIELDS, n=1)
        return f"{field} is unknown: " + (
            f"did you mean {close[0]}? For example {example(close[0])}."
            if close
            else f"these are known: {', '.join(FIELDS)}."
        )
    if error["type"] == "missing" and len(error["loc"]) == 1:
        return f"needs {field}, for example {example(str(field))}."
    return f"{path} {wanted(error)}; for example {example(str(field))}."


def wanted(error: Any) -> str:
    """What a value has to be."""
    match error["type"]:
        case "extra_forbidden":
            return "is unknown"
        case "missing":
            return "is missing"
        case "tuple_type":
            return "must be a list"
        case "string_type":
            return "must be a text in quotes"
        case "bool_type":
            return "must be true or false"
        case "mapping_type" | "dict_type" | "model_type":
            return "must be a table"
    return complaint(error)


def example(field: str) -> str:
    """A line of the file that would be accepted."""
    examples = ProviderConfiguration.model_fields[field].examples or [""]
    return f"{field} = {examples[0]}"
