"""What of a tool's files goes into one message of Discord's, and how it is named there; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from bot.messages import one_line
from bot.tools.model import File

# Discord's limits of one message (resources/message.mdx), and of one file in a server without boosts (reference,
# Uploading Files).
MAX_FILES = 10
MAX_MESSAGE_BYTES = 25 * 2**20
MAX_FILE_BYTES = 10 * 2**20
MAX_DESCRIPTION_CHARACTERS = 1024
MAX_FILE_NAME_CHARACTERS = 100  # longer than anybody reads
MAX_NOTE_CHARACTERS = 300
MEGABYTE = 2**20


def attached(files: Iterable[File], max_file_bytes: int = MAX_FILE_BYTES) -> tuple[tuple[File, ...], str]:
    """The files that go into one message, with names that are safe everywhere, and a note that names the others."""
    kept: list[File] = []
    left_out: list[str] = []
    room = max(MAX_MESSAGE_BYTES, max_file_bytes)
    for file in files:
        name, size = safe_name(file.name), len(file.content)
        if len(kept) == MAX_FILES or size > max_file_bytes or size > room:
            left_out.append(f"{name} ({size / MEGABYTE:.1f} MB)")
        else:
            room -= size
            kept.append(
                File(name=name, content=file.content, description=file.description[:MAX_DESCRIPTION_CHARACTERS])
            )
    note = f"-# Too much for one message here: {', '.join(left_out)}." if left_out else ""
    return tuple(kept), one_line(note, MAX_NOTE_CHARACTERS - 1)


def safe_name(name: str) -> str:
    """A file's name without folders and signs that mean something to some system; its ending stays."""
    return re.sub(r"[^A-Za-z0-9._-]+", "_", name).strip("._")[-MAX_FILE_NAME_CHARACTERS:] or "file"
