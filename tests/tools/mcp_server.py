"""A real MCP server, made with the official package: `python -m tests.tools.mcp_server stdio|http`.

Over HTTP it listens on a free port of 127.0.0.1 and prints it first.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import time

import uvicorn
from mcp.server import MCPServer
from mcp.server.mcpserver import Context, Image
from mcp_types import BlobResourceContents, CallToolResult, EmbeddedResource, ResourceLink, TextContent, ToolAnnotations
from pydantic import BaseModel

READ_ONLY = ToolAnnotations(read_only_hint=True)
PIXEL = b"\x89PNG\r\n\x1a\n"

server = MCPServer("workshop")


class Town(BaseModel):
    """What `town` gives."""

    name: str
    people: int


class Answer(BaseModel):
    """What `ask` asks for."""

    name: str


@server.tool(annotations=READ_ONLY)
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@server.tool(annotations=ToolAnnotations(idempotent_hint=True))
def note(text: str) -> str:
    """Write something down."""
    return f"Noted: {text}"


@server.tool(name="Look Around!", annotations=READ_ONLY)
def look_around() -> list[Image | str]:
    """See a picture."""
    return ["Here it is:", Image(data=PIXEL, format="png")]


@server.tool(annotations=READ_ONLY)
def town() -> Town:
    """Know a town."""
    return Town(name="Basel", people=170_000)


@server.tool(annotations=READ_ONLY)
def papers() -> CallToolResult:
    """Hand over papers."""
    blob = BlobResourceContents(uri="memo://paper", mime_type="application/pdf", blob="UERG")
    link = ResourceLink(name="paper", uri="memo://paper")
    data = {"pages": 3}
    return CallToolResult(
        content=[TextContent(text="Three pages."), EmbeddedResource(resource=blob), link], structured_content=data
    )


@server.tool(annotations=READ_ONLY)
def write(size: int) -> str:
    """Write a lot."""
    return "x" * size


@server.tool()
def fail() -> str:
    """Break."""
    raise ValueError("no paper left")


@server.tool(annotations=READ_ONLY)
async def walk(context: Context) -> str:
    """Take some steps."""
    await context.report_progress(1, 2)
    await context.report_progress(2, 2, "almost\nthere")
    return "arrived"


@server.tool(annotations=READ_ONLY)
async def grow(context: Context) -> str:
    """Get another tool."""
    server.add_tool(lambda: "I am new.", name="fresh", description="Be new.")
    await context.notify_tools_changed()
    return "grown"


@server.tool(annotations=READ_ONLY)
async def ask(context: Context) -> str:
    """Ask the person."""
    return str(await context.elicit("Your name?", Answer))


@server.tool(annotations=READ_ONLY)
def variables() -> str:
    """Tell the environment."""
    return " ".join(f"{name}={value}" for name, value in sorted(os.environ.items()))


@server.tool(annotations=READ_ONLY)
def headers(context: Context) -> str:
    """Tell who comes."""
    return str((context.headers or {}).get("authorization"))


@server.tool()
def die() -> str:
    """End at once."""
    os._exit(3)


@server.tool()
async def wait() -> str:
    """Never answer, and go on otherwise."""
    await asyncio.Event().wait()
    return "never"


@server.tool()
async def freeze() -> str:
    """Never do anything again."""
    time.sleep(600)  # noqa: ASYNC251 - a server that hangs
    return "never"


async def serve_http() -> None:
    """Listen on a free port."""
    listening = socket.create_server(("127.0.0.1", 0))
    print(listening.getsockname()[1], flush=True)
    configuration = uvicorn.Config(server.streamable_http_app(), log_level="critical", timeout_graceful_shutdown=1)
    await uvicorn.Server(configuration).serve(sockets=[listening])


if __name__ == "__main__":
    if sys.argv[1] == "http":
        asyncio.run(serve_http())
    else:
        server.run("stdio")
