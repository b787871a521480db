"""What an MCP server answered to a call, as a tool of ours says it."""

from __future__ import annotations

import base64
import json
import mimetypes
from collections.abc import Iterable
from typing import Any, assert_never

from mcp_types import (
    AudioContent,
    BlobResourceContents,
    CallToolResult,
    ContentBlock,
    EmbeddedResource,
    ImageContent,
    ResourceLink,
    TextContent,
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
        text, file = said(block, len(files) + 1)
        texts.append(text if file is None or fits(file, files) else f"{text} It is too large to be shown.")
        if file is not None and fits(file, files):
            files.append(file)
    if adds_something(result.structured_content, texts):
        texts.append(json.dumps(result.structured_content, ensure_ascii=False))
    text = "\n".join(texts)
    if result.is_error:
        raise Refusal(text.strip()[:MAX_ERROR_CHARACTERS] or "The tool failed and did not say why.")
    return Output(text=text, files=tuple(files))


def said(block: ContentBlock, number: int) -> tuple[str, File | None]:
    """One part of an answer: what the model is told, and the file that people see."""
    match block:
        case TextContent():
            return block.text, None
        case ImageContent() | AudioContent():
            return attached(block.data, block.mime_type, number)
        case ResourceLink():
            return f"{one_line(block.title or block.name, 100)}: {one_line(block.uri, 500)}", None
        case EmbeddedResource():
            if isinstance(block.resource, BlobResourceContents):
                return attached(block.resource.blob, block.resource.mime_type or "", number)
            return block.resource.text, None
    assert_never(block)


def attached(data: str, kind: str, number: int) -> tuple[str, File | None]:
    """A file of some bytes in base64, and a line that says that people see it."""
    kind = one_line(kind, 100) or "application/octet-stream"
    try:
        content = base64.b64decode(data, validate=True)
    except ValueError:
        return f"[A file of the type {kind} came broken.]", None
    name = f"file-{number}{mimetypes.guess_extension(kind) or '.bin'}"
    return f"[{name}, of the type {kind}: people see it in the channel.]", File(name=name, content=content)


def fits(file: File, others: Iterable[File]) -> bool:
    """Whether Discord takes a file with the others."""
    return len(file.content) <= MAX_FILE_BYTES and sum(1 for _ in others) < MAX_FILES


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
