"""Where Discord is, and what the host is told when it is not there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp
import discord
from discord.gateway import DiscordWebSocket
from discord.http import Route
from pydantic import ValidationError
from yarl import URL

from bot.errors import ConfigurationError, StartupError


def point_discord_at(api_base_url: str, gateway_url: str) -> None:
    """Sends every request and gateway connection of discord.py to these addresses.

    discord.py keeps both as class attributes, so this is state of the whole process: call it before the first login,
    and never for two Discords in one process.  After READY the session is resumed at the address that READY names.
    """
    Route.BASE = api_base_url
    DiscordWebSocket.DEFAULT_GATEWAY = URL(gateway_url)


@contextmanager
def explained(address: str, variable: str) -> Iterator[None]:
    """Turns what discord.py and aiohttp raise into a sentence that names the address and its variable.

    Raises: ConfigurationError for a refused token, StartupError for everything else.
    """
    try:
        yield
    except discord.LoginFailure as exc:
        raise ConfigurationError(
            "Discord does not accept DISCORD_TOKEN: copy it again from discord.com/developers/applications, Bot, "
            "or reset it there."
        ) from exc
    except discord.PrivilegedIntentsRequired as exc:
        raise StartupError(
            "Discord refuses the connection: tick Message Content Intent at discord.com/developers/applications, Bot."
        ) from exc
    except discord.GatewayNotFound as exc:
        raise StartupError("Discord does not say where its gateway is; it may have an outage.") from exc
    except discord.HTTPException as exc:
        raise StartupError(f"Discord answered with {exc.status} at {address}; it may have an outage.") from exc
    except TimeoutError as exc:
        raise StartupError(f"{address} did not answer in time: check the network and {variable}.") from exc
    except aiohttp.ClientConnectorCertificateError as exc:
        raise StartupError(f"The certificate of {address} is not trusted by this machine.") from exc
    except (aiohttp.ClientError, OSError) as exc:
        raise StartupError(f"{address} cannot be reached: check the network and {variable}.") from exc
    except (ValidationError, TypeError, ValueError, KeyError) as exc:
        raise StartupError(f"What answers at {address} is not Discord: check {variable}.") from exc
