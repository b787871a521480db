"""The scripted provider in a process of its own, so that the bot has a core to itself: `python -m bench.provider`.

Standard input says first which answers there are, as a JSON list of `[number, token count]`; the address is printed.
After the next line on standard input, or its end, what was sent is printed as a JSON object of token times by number.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys

from bench.script import Script
from sandbox.provider import ScriptedProvider


async def serve() -> None:
    """Answer until standard input says that it is enough."""
    scripts = [Script(number, token_count) for number, token_count in json.loads(sys.stdin.readline())]
    async with ScriptedProvider() as provider:
        numbers = {}
        for script in scripts:
            story = script.story()
            provider.stories[script.story_name] = story
            numbers[story] = script.number
        print(provider.base_url, flush=True)
        gc.freeze()
        await asyncio.to_thread(sys.stdin.readline)
        sent = {
            numbers[performance.story]: performance.token_times
            for performance in provider.requests
            if performance.story in numbers
        }
        print(json.dumps(sent), flush=True)


if __name__ == "__main__":
    asyncio.run(serve())
