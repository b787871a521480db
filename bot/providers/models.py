"""Lists of models as providers give them; pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from difflib import get_close_matches
from itertools import islice

from bot.providers.adapter import ListedModel
from bot.providers.bodies import unusable
from bot.setting import is_model

# More than the largest relays list; each list is searched while people type.
MAX_MODELS = 5000
MAX_NAMES = 3  # of those that may have been meant


def models_in(listed: object, *, secrets: tuple[str, ...] = ()) -> tuple[ListedModel, ...]:
    """The models in a list, in the API's form or as a bare list.

    Raises: ProviderError where it is none, with the fault of an error that came with a status of 200.
    """
    entries = listed.get("data", listed.get("models")) if isinstance(listed, dict) else listed
    if not isinstance(entries, list):
        raise unusable(listed, "the list of models is not a list", secrets=secrets)
    models = (model_in(entry) for entry in entries)
    return tuple(islice((model for model in models if model is not None), MAX_MODELS))


def close_names(model: str, listed: Sequence[str]) -> list[str]:
    """The listed names that may have been meant, most likely first."""
    folded = {name.casefold(): name for name in listed}
    # Providers that offer several vendors' models put the vendor before the name: vendor/model.
    with_vendor = [name for name in listed if name.casefold().endswith("/" + model.casefold())]
    similar = [folded[name] for name in get_close_matches(model.casefold(), folded, n=MAX_NAMES)]
    return list(dict.fromkeys(with_vendor + similar))[:MAX_NAMES]


def model_in(entry: object) -> ListedModel | None:
    """The model that an entry of a list is, or an answer of its own; None for what has no name."""
    if not isinstance(entry, dict):
        entry = {"id": entry}
    name = entry.get("id") or entry.get("name")
    if not is_model(name):
        return None
    return ListedModel(name=name, shutdown_on=_day(entry.get("shutdown_date")))


def _day(value: object) -> date | None:
    """A day that is written as such, or as seconds since 1970."""
    try:
        if isinstance(value, str):
            return datetime.fromisoformat(value).date()
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC).date()
    except (ValueError, OverflowError, OSError):
        return None
    return None
