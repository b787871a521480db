"""What the host's tests share: an environment with nothing of this machine's in it."""

from __future__ import annotations

import pytest

from bot.settings import Settings


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting comes from whoever runs the tests."""
    for field in Settings.model_fields:
        monkeypatch.delenv(field.upper(), raising=False)
