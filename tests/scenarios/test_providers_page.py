"""The configurations of docs/providers.md, with the real bot and the sandbox in each provider's place."""

from __future__ import annotations

import pytest

from sandbox.stories import Story
from tests.host.test_providers_page import EXAMPLES, swapped
from tests.scenarios.scene import Scene


@pytest.mark.parametrize(("example", "model"), EXAMPLES.items(), ids=list(EXAMPLES.values()))
async def test_example_answers_people(scene: Scene, example: str, model: str) -> None:
    """Two questions in one conversation, over whatever API it speaks."""
    file = scene.database_file.parent / "providers.toml"
    file.write_text(swapped(example, scene.provider).replace("$", "sk-"), encoding="utf-8")
    await scene.start(provider_base_url=None, provider_model=model, providers_file=str(file))
    assert (await scene.ask("ada", "general", "@bot hello")).text == Story().answer()
    assert (await scene.ask("ada", "general", "@bot again")).text == Story().answer()
    name, _, model_there = model.partition("/")
    assert [(row["provider"], row["model"]) for row in scene.rows("usage")] == [(name, model_there)] * 2
