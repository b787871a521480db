"""Time zones by whatever people call them: IANA names, cities, countries, abbreviations, UTC+2."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, timedelta, timezone, tzinfo
from difflib import get_close_matches
from importlib import resources
from importlib.resources.abc import Traversable
from zoneinfo import ZoneInfo

from bot.errors import Refusal
from bot.messages import one_line

MAX_CHARACTERS = 64  # twice the longest name there is
MAX_OFFSET = timedelta(hours=14)  # Kiritimati's; no place is farther from UTC

# What people say and the database does not.  An abbreviation stands for the place where it is in use, in summer and
# in winter: whoever writes EST in July means New York.
COMMON = {
    "America/Los_Angeles": "Pacific, PT, PST, PDT, San Francisco, Seattle, Las Vegas, San Diego, California",
    "America/Denver": "Mountain, MT, MST, MDT, Salt Lake City",
    "America/Chicago": "Central, CT, CST, CDT, Dallas, Houston, Austin, Texas",
    "America/New_York": "Eastern, ET, EST, EDT, NYC, Washington, Boston, Miami, Atlanta, Philadelphia",
    "America/Toronto": "Ottawa, Montreal",
    "America/Sao_Paulo": "Rio de Janeiro, Brasilia",
    "Europe/London": "BST, UK, England, Scotland, Wales, Manchester, Edinburgh",
    "Europe/Berlin": "CET, CEST, MEZ, MESZ, Germany, Munich, München, Hamburg, Frankfurt, Cologne, Köln",
    "Europe/Athens": "EET, EEST",
    "Europe/Lisbon": "WET, WEST, Portugal, Porto",
    "Europe/Madrid": "Spain, Barcelona",
    "Europe/Paris": "Lyon, Marseille",
    "Europe/Rome": "Milan, Naples",
    "Europe/Vienna": "Wien",
    "Europe/Zurich": "Geneva, Basel, Bern",
    "Europe/Warsaw": "Krakow",
    "Europe/Kyiv": "Ukraine",
    "Europe/Moscow": "MSK, Saint Petersburg, St Petersburg",
    "Asia/Kolkata": "IST, Delhi, New Delhi, Mumbai, Bangalore, Bengaluru, Chennai, Hyderabad",
    "Asia/Karachi": "PKT, Islamabad, Lahore",
    "Asia/Shanghai": "China, Beijing, Peking, Shenzhen, Guangzhou",
    "Asia/Tokyo": "JST, Osaka, Kyoto",
    "Asia/Seoul": "KST, South Korea, Korea, Busan",
    "Asia/Ho_Chi_Minh": "Hanoi",
    "Asia/Dubai": "Abu Dhabi, UAE",
    "Asia/Jerusalem": "Tel Aviv",
    "Africa/Johannesburg": "SAST, Cape Town",
    "Australia/Sydney": "AEST, AEDT, Canberra",
    "Australia/Perth": "AWST",
    "Pacific/Auckland": "NZST, NZDT, New Zealand, Wellington",
    "Pacific/Honolulu": "HST, Hawaii",
}
# What is suggested before anything is typed: one for each great group of people.
FIRST = ("UTC", *("Europe/London", "Europe/Berlin", "America/New_York", "America/Chicago", "America/Los_Angeles"))
LIKENESS = 0.75  # of two names, from 0 to 1: Japn is like Japan, and Mars is not like Paris
OFFSET = re.compile(r"(?:UTC|GMT)? ?([+-])([0-9]{1,2})(?::?([0-9]{2}))?", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """One name of a zone, as it is shown, and the zone's IANA name."""

    label: str
    zone: str


class Zones:
    """All zones that the database of tzdata names."""

    def __init__(self) -> None:
        self._names = {key_of(each.label): each for each in _names()}

    def find(self, written: str) -> tuple[str, tzinfo]:
        """A zone and its name.  Raises: Refusal, with names that are like it."""
        if offset := OFFSET.fullmatch(written.strip().replace("\N{MINUS SIGN}", "-")):
            return _at_offset(*offset.groups("00"))
        key = key_of(written)
        named = self._names.get(key)
        if named is not None:
            return named.zone, ZoneInfo(named.zone)
        alike = dict.fromkeys(self._names[each].label for each in get_close_matches(key, self._names, cutoff=LIKENESS))
        hint = f"Did you mean {' or '.join(alike)}? " if alike else ""
        raise Refusal(
            f"There is no time zone named {one_line(written, MAX_CHARACTERS)}. {hint}"
            "Take a large city, an IANA name such as Europe/Berlin, or UTC+2."
        )

    def like(self, typed: str, limit: int) -> list[Named]:
        """Up to so many different zones that somebody may be about to type, best first."""
        key = key_of(typed)
        if not key:
            return [Named(label=name, zone=name) for name in FIRST[:limit]]
        found = sorted(each for each in self._names if key in each)
        found.sort(key=lambda each: (not each.startswith(key), f" {key}" not in each.replace("/", " ")))
        zones: dict[str, Named] = {}
        for each in found:
            zones.setdefault(self._names[each].zone, self._names[each])
        return list(zones.values())[:limit]


def key_of(name: str) -> str:
    """A name without what people write differently: accents, capitals, apostrophes, underscores, hyphens."""
    letters = unicodedata.normalize("NFKD", name)
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter)).casefold()
    return " ".join(re.sub(r"[_.-]", " ", re.sub("['\u2019]", "", plain)).split())


def _at_offset(sign: str, hours: str, minutes: str) -> tuple[str, tzinfo]:
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    if offset > MAX_OFFSET or int(minutes) > 59:
        raise Refusal("No time zone is more than 14 hours from UTC: write UTC+2 or UTC-03:30.")
    info = timezone(offset if sign == "+" else -offset)
    return (str(info), info) if offset else ("UTC", UTC)


def _names() -> Iterator[Named]:
    """All names; where two have the same, the later one counts."""
    tables = resources.files("tzdata")
    countries, places = (list(_lines(tables / "zoneinfo" / file)) for file in ("iso3166.tab", "zone.tab"))
    # Without Factory, which is none, and Etc/, where the signs are the other way round.
    zones = [each for each in (tables / "zones").read_text().split() if each != "Factory" and each[:4] != "Etc/"]
    for zone in (*zones, *(place[2] for place in places)):  # Istanbul is Europe's, as the table of places has it
        yield Named(label=zone.rpartition("/")[2].replace("_", " "), zone=zone)
    for zone in zones:
        yield Named(label=zone, zone=zone)
    for code, country in countries:
        found = [place[2] for place in places if place[0] == code]
        if len(found) == 1:
            yield Named(label=country, zone=found[0])
    for zone, labels in COMMON.items():
        yield from (Named(label=label, zone=zone) for label in labels.split(", "))


def _lines(table: Traversable) -> Iterator[list[str]]:
    return (line.split("\t") for line in table.read_text().splitlines() if line and not line.startswith("#"))
