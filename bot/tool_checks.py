"""What the doctor makes of the settings of tools, and of the MCP servers that it tries."""

from __future__ import annotations

from pathlib import Path

from bot.checks import Check, failed, passed, warned
from bot.errors import ConfigurationError
from bot.mcp.configuration import read_servers
from bot.mcp.servers import McpServers
from bot.mcp.status import ServerStatus
from bot.settings import Settings
from bot.tools.toolbox import Toolbox

MAX_HOSTS_NAMED = 5


def judge_tools(settings: Settings) -> Check:
    """What the settings of tools come to."""
    if settings.tool_unsafe_addresses:
        opened = listed(settings.tool_unsafe_addresses)
        return warned("tools", f"TOOL_UNSAFE_ADDRESSES opens {opened} to tools, without https: only for trying out")
    if settings.tool_http_hosts and not settings.secrets_key.get_secret_value():
        return warned("tools", "tools that moderators add can have no secret: set SECRETS_KEY as .env.example says")
    offered = "the model may use them" if settings.tools_enabled else "only people have them (TOOLS_ENABLED)"
    added, read = listed(settings.tool_http_hosts), listed(settings.tool_fetch_hosts)
    return passed("tools", f"{offered}; those that moderators add may ask {added}; pages are read of {read}")


def listed(hosts: tuple[str, ...]) -> str:
    """Hosts in words."""
    named = ["every public host" if host == "*" else host for host in hosts[:MAX_HOSTS_NAMED]]
    more = [f"{len(hosts) - MAX_HOSTS_NAMED} more"] if len(hosts) > MAX_HOSTS_NAMED else []
    return ", ".join([*named, *more]) or "no host"


async def try_servers(settings: Settings) -> tuple[Check, ...]:
    """How each MCP server answers: it is connected and asked for its tools, and left again."""
    try:
        configurations = read_servers(Path(settings.tools_file), settings.environment)
    except ConfigurationError as exc:
        return tuple(failed("mcp", sentence) for sentence in str(exc).splitlines())
    if not configurations:
        return (passed("mcp", f"{settings.tools_file} lists no server"),)
    servers = McpServers(configurations, Toolbox())
    async with servers.running():
        return tuple(map(judge_server, await servers.first_statuses()))


def judge_server(status: ServerStatus) -> Check:
    """One that is away is no obstacle: the bot tries it again and again."""
    name = f"mcp {status.name}"
    if not status.is_up:
        return warned(name, f"is away. {status.error} The bot starts without it and keeps trying")
    count = f"{status.tool_count} tool{'' if status.tool_count == 1 else 's'}"
    if status.error is not None:
        return warned(name, f"answers, with {count} that can be used. {status.error}")
    return passed(name, f"answers, with {count}")
