"""Programs of our own that are run for one piece of work and end with it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

NO_ENVIRONMENT: Mapping[str, str] = MappingProxyType({})  # ours may hold secrets


async def said_by(
    program: Path, asked: bytes, seconds: float, environment: Mapping[str, str] = NO_ENVIRONMENT
) -> bytes:
    """What a Python file writes when it reads this.  Raises: TimeoutError, CalledProcessError where it fails."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-I", str(program), stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=environment
    )
    try:
        async with asyncio.timeout(seconds):
            said, _ = await child.communicate(asked)
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode:
        raise subprocess.CalledProcessError(child.returncode, program.name)
    return said
