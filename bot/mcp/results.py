"""What an MCP server answered to a call, as a tool of ours says it."""

from __future__ import annotations

import base64
import json
import mimetypes
from collections.abc import Iterable
from typing import Any

from mcp_types import (
    AudioContent,
    BlobResourceContents,
    CallToolResult,
    EmbeddedResource,
    ImageContent,
    ResourceLink,
    TextContent,
    TextResourceContents,
)

from bot.errors import Refusal
from bot.messages import one_line
from bot.tools.model import File, Output

MAX_FILES = 10  # of one Discord message
MAX_FILE_BYTES = 10 * 2**20  # Discord's limit where a server has no boosts
MAX_ERROR_CHARACTERS = 2000  # of a Discord message


def output_of(result: CallToolResult) -> Output:
    """Texts and structured data for the model, everything else as files for people.  Raises: Refusal for an error."""
    texts: list[str] = []
    files: list[File] = []
    for block in result.content:
        match block:
            case TextContent():
                texts.append(block.text)
            case ImageContent() | AudioContent():
                texts.append(attach(block.data, block.mime_type, files))
            case ResourceLink():
                texts.append(f"{one_line(block.title or block.name, 100)}: {one_line(block.uri, 500)}")
            case EmbeddedResource(resource=TextResourceContents(text=text)):
                texts.append(text)
            case EmbeddedResource(resource=BlobResourceContents(blob=blob, mime_type=kind)):
                texts.append(attach(blob, kind or "", files))
    if adds_something(result.structured_content, texts):
        texts.append(json.dumps(result.structured_content, ensure_ascii=False))
    text = "\n".join(texts)
    if result.is_error:
        raise Refusal(text.strip()[:MAX_ERROR_CHARACTERS] or "The tool failed and did not say why.")
    return Output(text=text, files=tuple(files))


def attach(data: str, kind: str, files: list[File]) -> str:
    """Put a file, of bytes in base64, with the others, and say to the model what became of it."""
    kind = one_line(kind, 100) or "application/octet-stream"
    try:
        content = base64.b64decode(data, validate=True)
    except ValueError:
        return f"[A file of the type {kind} came broken.]"
    if len(files) >= MAX_FILES or len(content) > MAX_FILE_BYTES:
        return f"[A file of the type {kind} is not shown: it is too large, or one of too many.]"
    name = f"file-{len(files) + 1}{mimetypes.guess_extension(kind) or '.bin'}"
    files.append(File(name=name, content=content))
    return f"[{name}, of the type {kind}: people see it in the channel.]"


def adds_something(data: Any, texts: Iterable[str]) -> bool:
    """Whether structured data says more than the texts: servers are to send it as a text as well."""
    if data is None:
        return False
    return not any(says(text, data) for text in texts)


def says(text: str, data: Any) -> bool:
    """Whether a text is the data, or what the package's servers wrap as `result`."""
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        told = text
    return bool(data in (told, {"result": told}, {"result": text}))
