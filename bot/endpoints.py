"""Where Discord is: the one place that points discord.py at another address."""

from __future__ import annotations

from discord.gateway import DiscordWebSocket
from discord.http import Route
from yarl import URL


def point_discord_at(api_base_url: str, gateway_url: str) -> None:
    """Sends every request and gateway connection of discord.py to these addresses.

    discord.py keeps both as class attributes, so this is state of the whole process: call it before the first login,
    and never for two Discords in one process.  After READY the session is resumed at the address that READY names.
    """
    Route.BASE = api_base_url
    DiscordWebSocket.DEFAULT_GATEWAY = URL(gateway_url)
