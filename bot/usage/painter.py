"""Pictures of usage, drawn by a program that lives as long as one of them."""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import asdict
from pathlib import Path
from subprocess import CalledProcessError

from bot.child import said_by
from bot.usage.chart import Chart

log = logging.getLogger(__name__)

CHILD = Path(__file__).with_name("painter_child.py")
# A picture takes a second, most of it to load the library; the first one ever also looks through all fonts.
DRAWING_SECONDS = 20.0
# The machine belongs to the answers: who wants a picture at the same time waits, or does without.
MAX_PICTURES = 1
# It calculates nothing that more threads would do sooner.
ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1"}


class Painter:
    """Draws pictures, one after the other."""

    def __init__(self, seconds: float = DRAWING_SECONDS) -> None:
        self._seconds = seconds
        self._turns = asyncio.Semaphore(MAX_PICTURES)

    async def draw(self, chart: Chart) -> bytes | None:
        """A PNG, or None where it cannot be drawn now; the log says why."""
        asked = json.dumps(asdict(chart)).encode()
        try:
            async with asyncio.timeout(self._seconds), self._turns:  # the wait for one's turn counts too
                return await said_by(CHILD, asked, self._seconds, ENVIRONMENT)
        except TimeoutError:
            log.warning("a picture of usage took longer than %g s", self._seconds)
        except CalledProcessError as error:
            log.warning("a picture of usage could not be drawn: the program ended with %d", error.returncode)
        return None
