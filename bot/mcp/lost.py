"""Why there is no connection to an MCP server."""

from __future__ import annotations

import httpx2
from mcp import MCPError
from pydantic import ValidationError

# A file of the 10 MB that Discord takes is 14 MB in base64, and many servers send a text twice, also as data.
MAX_MESSAGE_BYTES = 32 * 2**20


class ServerLost(Exception):
    """The connection to an MCP server ended; the text is a sentence for its host, without the server's words."""


def reason(error: BaseException) -> str:
    """What ended a connection, in one sentence."""
    match error:
        case BaseExceptionGroup():
            return reason(error.exceptions[0])
        case ServerLost():
            return str(error)
        case TimeoutError():
            return "It does not answer in time."
        case MCPError():
            return f"It answered with the error {error.code}."
        case httpx2.TransportError():
            return "It cannot be reached."
        case OSError():
            return f"Its command cannot be started: {error.strerror}."
        case ValidationError():
            return "It answered with what is not MCP."
        case _:
            return f"It does not speak MCP as it should ({type(error).__name__})."
