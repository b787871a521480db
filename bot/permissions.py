"""The permissions that Parley uses, and the link that invites it with them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import urlencode

# Names as Discord's settings show them, bits as its documentation of permissions gives them.  Not one more than what
# the bot uses: people decide by this list whether to let it in.
NEEDED: Mapping[str, int] = MappingProxyType(
    {
        "View Channels": 1 << 10,
        "Send Messages": 1 << 11,
        "Add Reactions": 1 << 6,
        "Embed Links": 1 << 14,
        "Attach Files": 1 << 15,
        "Read Message History": 1 << 16,
        "Create Public Threads": 1 << 35,
        "Send Messages in Threads": 1 << 38,
        "Create Polls": 1 << 49,
    }
)
NEEDED_BITS = sum(NEEDED.values())
ADMINISTRATOR = 1 << 3


def missing(permissions: int) -> tuple[str, ...]:
    """The names of the needed permissions that this set lacks; an administrator lacks none."""
    if permissions & ADMINISTRATOR:
        return ()
    return tuple(name for name, bit in NEEDED.items() if not permissions & bit)


def invite_link(application_id: int) -> str:
    """The address at which somebody with Manage Server lets the bot in, with what it needs ticked."""
    wanted = {
        "client_id": application_id,
        "permissions": NEEDED_BITS,
        "scope": "bot applications.commands",
    }
    return f"https://discord.com/oauth2/authorize?{urlencode(wanted)}"
