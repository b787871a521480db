"""An MCP server as a process of ours, spoken to over its standard input and output.

The package's own transport reads lines of any length and writes what it cannot read into the log.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import cast

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.client._transport import TransportStreams
from mcp.client.stdio import get_default_environment
from mcp.shared.message import SessionMessage
from mcp_types import jsonrpc_message_adapter
from pydantic import SecretStr

from bot.mcp.lost import MAX_MESSAGE_BYTES, ServerLost

log = logging.getLogger(__name__)

# A server that logs where it should answer does so at its start or at each call, not thousands of times.
MAX_STRAY_LINES = 1000
# Twice this is left of the 10 seconds of container runtimes after the 5 that answers may go on.
STOP_SECONDS = 1.5


@asynccontextmanager
async def process_streams(
    name: str, command: Sequence[str], variables: Mapping[str, SecretStr]
) -> AsyncIterator[TransportStreams]:
    """A fresh process, ended with all that it started at the end of the block.  Raises: OSError, ServerLost in a group.

    Of our own environment it gets only where programs and its home are; its standard error goes nowhere, because
    it may hold people's words.
    """
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=get_default_environment() | {key: value.get_secret_value() for key, value in variables.items()},
        limit=MAX_MESSAGE_BYTES,
        start_new_session=True,
    )
    stdin, stdout = cast("asyncio.StreamWriter", process.stdin), cast("asyncio.StreamReader", process.stdout)
    to_us, heard = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    said, to_it = anyio.create_memory_object_stream[SessionMessage](0)
    try:
        async with anyio.create_task_group() as tasks, heard, said:
            tasks.start_soon(hear, name, stdout, to_us)
            tasks.start_soon(speak, stdin, to_it)
            yield heard, said
            tasks.cancel_scope.cancel()
    finally:
        with anyio.CancelScope(shield=True):
            await stop(process, stdin)


async def hear(
    name: str, stdout: asyncio.StreamReader, to_us: MemoryObjectSendStream[SessionMessage | Exception]
) -> None:
    """Pass on what the process writes.  Raises: ServerLost when it ends, or will not write what it should."""
    stray = 0
    async with to_us:
        while line := await one_line_of(stdout):
            try:
                message = jsonrpc_message_adapter.validate_json(line, by_name=False)
            except ValueError:
                stray += 1
                if stray == 1:
                    log.warning("The MCP server %s writes to its standard output what is not MCP.", name)
                if stray > MAX_STRAY_LINES:
                    raise ServerLost("It writes to its standard output what is not MCP.") from None
                continue
            await to_us.send(SessionMessage(message))
    raise ServerLost("Its process ended.")


async def one_line_of(stdout: asyncio.StreamReader) -> bytes:
    """The next line, empty at the end.  Raises: ServerLost if it is too long."""
    try:
        return await stdout.readline()
    except ValueError:
        raise ServerLost(f"It sent more than {MAX_MESSAGE_BYTES // 2**20} MB at once.") from None


async def speak(stdin: asyncio.StreamWriter, to_it: MemoryObjectReceiveStream[SessionMessage]) -> None:
    """Write what is said to the process.  Raises: ServerLost when it does not listen any more."""
    async with to_it:
        async for said in to_it:
            try:
                stdin.write(said.message.model_dump_json(by_alias=True, exclude_unset=True).encode() + b"\n")
                await stdin.drain()
            except ConnectionError as exc:
                raise ServerLost("Its process ended.") from exc


async def stop(process: asyncio.subprocess.Process, stdin: asyncio.StreamWriter) -> None:
    """Close its input; a process that does not end at that is told to, and then it and what it started are killed."""
    try:
        stdin.close()
        if not await has_ended(process):
            signal_all(process, signal.SIGTERM)
            await has_ended(process)
    finally:
        signal_all(process, signal.SIGKILL)
    await has_ended(process)


async def has_ended(process: asyncio.subprocess.Process) -> bool:
    """Whether the process ends soon."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(STOP_SECONDS):
            await process.wait()
    return process.returncode is not None


def signal_all(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    """Send a signal to the process and to what it started, as far as there still is any of it."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
