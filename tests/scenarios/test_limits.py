"""A host who allows less than before: what moderators chose falls back, and says so once."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.provider import MODEL
from tests.scenarios.scene import Scene
from tests.scenarios.test_budgets import turned_away
from tests.scenarios.test_upkeep import delete_role, new_role, rules

STRICT = '[[limits]]\nmodels = ["!*/dear"]\nmost = {temperature = 1}\n'


@pytest.fixture
def file(scene: Scene) -> Path:
    """A file of limits without any, and a provider of several models."""
    scene.provider.models = (MODEL, "dear", "cheap")
    found = scene.database_file.parent / "limits.toml"
    found.write_text("", encoding="utf-8")
    return found


async def choose(scene: Scene, name: str, value: str, where: str = "here") -> None:
    """Ada owns the server and chooses."""
    assert (await scene.command("ada", "general", "set", name=name, value=value, where=where)).ephemeral


def asked(scene: Scene) -> tuple[object, object]:
    """The model that was asked last, and its temperature."""
    body = scene.provider.requests[-1].body
    return body["model"], body.get("temperature")


async def restart(scene: Scene, file: Path, text: str) -> None:
    """The host changes the file, and starts the bot again."""
    await scene.stop()
    file.write_text(text, encoding="utf-8")  # noqa: ASYNC240 - nothing else goes on
    await scene.start(limits_file=str(file), temperature=0.5)


async def test_choice_falls_back_after_a_stricter_start_and_says_so_once(scene: Scene, file: Path) -> None:
    """The next place further out counts, at last the host; allowed again, what was chosen counts again."""
    await restart(scene, file, "")
    await choose(scene, "temperature", "0.7", "server")
    await choose(scene, "temperature", "1.5")
    await choose(scene, "model", "default/dear")
    await scene.ask("linus", "general", "@bot hi")
    assert asked(scene) == ("dear", 1.5)
    await restart(scene, file, STRICT)
    answers = [await scene.ask("linus", "general", "@bot hi") for _ in range(2)]
    assert asked(scene) == (MODEL, 0.7)
    general = scene.place("general")
    told = (
        f"The host does not allow any more what was chosen here: `model` `default/dear` in <#{general}>, "
        f"`temperature` `1.5` in <#{general}>. `/settings` shows what counts."
    )
    assert [told in answer.text for answer in answers] == [True, False]
    await scene.ask("linus", "questions", "@bot hi")
    assert asked(scene) == (MODEL, 0.7)
    assert [row["name"] for row in scene.rows("place_settings")] == ["temperature", "temperature", "model"]
    await restart(scene, file, STRICT)
    assert "not allow" not in (await scene.ask("linus", "general", "@bot hi")).text
    await restart(scene, file, "")
    await scene.ask("linus", "general", "@bot hi")
    assert asked(scene) == ("dear", 1.5)


async def test_model_that_the_host_has_hidden_since_falls_back(scene: Scene, file: Path) -> None:
    """It goes the same way, without any limits."""
    listed = file.parent / "providers.toml"
    entry = f'[providers.relay]\nbase_url = "{scene.provider.base_url}"\n'
    for hidden, model in (("", "dear"), ('hidden_models = ["dear"]\n', MODEL)):
        listed.write_text(entry + hidden, encoding="utf-8")
        await scene.stop()
        await scene.start(providers_file=str(listed))
        if not hidden:
            await choose(scene, "model", "relay/dear")
        answer = await scene.ask("linus", "general", "@bot hi")
        assert asked(scene)[0] == model
        assert ("`model` `relay/dear` in" in answer.text) is bool(hidden)


async def test_budget_of_the_host_counts_beside_those_of_moderators(scene: Scene, file: Path) -> None:
    """Whatever moderators set, it ends what members ask; the table keeps both apart."""
    await restart(scene, file, '[[limits]]\nbudgets = {"each:questions:month" = 1}\n')
    await choose(scene, "budget:each:questions:month", "5", "server")
    await scene.ask("linus", "general", "@bot hi")
    await scene.say("linus", "general", "@bot again")
    told = await turned_away(scene, "general", "used up")
    assert told.startswith("The host's budget for you, 1 question a month, is used up; it begins anew <t:")
    await scene.ask("grace", "general", "@bot hi")
    assert sorted((row["subject"], row["questions"]) for row in scene.rows("budget_windows")) == [
        ("each", 1),
        ("each", 1),
        ("host:each", 1),
        ("host:each", 1),
    ]


async def test_deleted_role_leaves_the_rules_that_are_allowed(scene: Scene, file: Path) -> None:
    """One that does not count any more cannot be changed, and is not in the way of others."""
    await restart(scene, file, "")
    guests, friends = await new_role(scene, "Guests"), await new_role(scene, "Friends")
    await choose(scene, "allowed_roles", f"{guests}|{friends}")
    await choose(scene, "blocked_roles", f"{guests}|{friends}", "server")
    await restart(scene, file, '[[limits]]\nlocked = ["allowed_roles"]\n')
    await delete_role(scene, guests)
    await scene.until(lambda: rules(scene)["blocked_roles"] == f"[{friends}]")
    assert rules(scene)["allowed_roles"] == f"[{guests}, {friends}]"
