"""People in many channels who ask one question after another, and wait for each answer as long as they live."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import count, pairwise

from bench.script import TOKENS_PER_SECOND, Script
from bench.verdict import Question, Row, answers
from sandbox.journal import RequestRecord
from sandbox.provider import ScriptedProvider
from sandbox.serials import Serial
from sandbox.stories import ScriptedCall, Story
from sandbox.world import Sandbox

# An answer takes up to eight seconds; one that is not there this long after its question is not waited for any more.
PATIENCE_SECONDS = 120.0
READING_SECONDS = (0.5, 3.0)
SHARE_OF_INTERRUPTIONS = 0.25  # somebody else asks while an answer is written
INTERRUPTS_AFTER_SECONDS = (0.0, 4.0)
ANSWER_TOKENS = (40, 400)  # the longest need two pages
FIRST_TOKEN_SECONDS = 0.2
MAX_TOOL_CALLS = 2  # of an answer, each in a step of its own
TOOLS = {"roll": '{"sides": 6, "count": 2}', "time": "{}"}


@dataclass(slots=True)
class Asked:
    """A question that is waited for."""

    question: Question
    answered: asyncio.Event = field(default_factory=asyncio.Event)


class Crowd:
    """Asks in the channels of a sandbox; the scripted provider answers each question with words of its own."""

    def __init__(self, sandbox: Sandbox, provider: ScriptedProvider, chance: random.Random) -> None:
        self.questions: list[Question] = []
        self._sandbox = sandbox
        self._provider = provider
        self._chance = chance
        self._numbers = count()
        self._waiting: defaultdict[int, list[Asked]] = defaultdict(list)
        sandbox.requests.listen(self._look)

    async def talk(self, channel_ids: Sequence[int], until: float) -> None:
        """Ask in all these channels until that time of the loop, and wait for the last answers."""
        async with asyncio.TaskGroup() as tasks:
            for channel_id in channel_ids:
                tasks.create_task(self._talk(channel_id, until))

    async def _talk(self, channel_id: int, until: float) -> None:
        while asyncio.get_running_loop().time() < until:
            asked = [await self._ask("ada", channel_id)]
            if self._chance.random() < SHARE_OF_INTERRUPTIONS:
                await asyncio.sleep(self._chance.uniform(*INTERRUPTS_AFTER_SECONDS))
                asked.append(await self._ask("linus", channel_id))  # who waits for the next answer, if he comes early
            try:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    for each in asked:
                        await each.answered.wait()
            except TimeoutError:
                return  # the verdict will say what became of it; another question would only blur that
            await asyncio.sleep(self._chance.uniform(*READING_SECONDS))

    async def _ask(self, user: str, channel_id: int) -> Asked:
        script = Script(next(self._numbers), self._chance.randint(*ANSWER_TOKENS))
        tools = tuple(self._chance.choices(list(TOOLS), k=self._chance.randint(0, MAX_TOOL_CALLS)))
        serial = self._provider.serials[script.story_name] = tale(script, tools)
        sandbox = self._sandbox
        message_id = await sandbox.people.say(sandbox.users[user], channel_id, script.question(sandbox.bot_id))
        question = Question(
            message_id=message_id,
            channel_id=channel_id,
            story=script.story_name,
            answer=" ".join(step.answer() for step in serial.steps),
            tools=tools,
        )
        self.questions.append(question)
        asked = Asked(question)
        self._waiting[channel_id] = [asked, *(each for each in self._waiting[channel_id] if not each.answered.is_set())]
        return asked

    def _look(self, record: RequestRecord) -> None:
        """Look whether the answers that a channel waits for are there, after each write of the bot."""
        waiting = self._waiting[record.channel_id or 0]
        if record.status != 200 or not waiting:
            return
        engine, first_id = self._sandbox.engine, min(asked.question.message_id for asked in waiting)
        there = engine.messages[waiting[0].question.channel_id].values()
        shown = [engine.message_payload(message) for message in there if message.id > first_id]
        whole = {question_id for question_id, pages in answers(self._sandbox.bot_id, shown) if is_whole(pages)}
        for asked in waiting:
            if asked.question.message_id in whole:
                asked.answered.set()


def is_whole(pages: Sequence[Row]) -> bool:
    """Whether an answer will not change any more by itself."""
    labels = [button.get("label") for row in pages[-1]["components"] for button in row["components"]]
    return bool(labels) and "Stop" not in labels


def tale(script: Script, tools: Sequence[str]) -> Serial:
    """A script's words in steps, each of which but the last ends with a tool's call."""
    words, parts = script.tokens(), len(tools) + 1
    bounds = [len(words) * part // parts for part in range(parts + 1)]
    pace = Story(tokens_per_second=TOKENS_PER_SECOND, first_token_seconds=FIRST_TOKEN_SECONDS)
    steps = [replace(pace, pieces=words[start:end]) for start, end in pairwise(bounds)]
    for number, tool in enumerate(tools):
        call = ScriptedCall(id=f"call_{script.number}_{number}", name=tool, arguments=(TOOLS[tool],))
        steps[number] = replace(steps[number], tool_calls=(call,), finish_reason="tool_calls")
    return Serial(steps=tuple(steps))
