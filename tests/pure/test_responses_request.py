"""What moderators may choose of a provider's own tools."""

from __future__ import annotations

import pytest

from bot.errors import Refusal
from bot.providers.parameters import parsed


def test_tools_of_the_provider_are_chosen_by_their_names() -> None:
    """Some of those there are, and who writes another is told which."""
    assert parsed("server_tools", "web_search|code_interpreter") == ["web_search", "code_interpreter"]
    with pytest.raises(Refusal, match="up to 3 of web_search, file_search, code_interpreter"):
        parsed("server_tools", "web_search|shell")
