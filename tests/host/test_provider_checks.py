"""What is concluded from a provider's list of models and from its first words."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from bot.checks import Check, Verdict
from bot.errors import ProviderError, ProviderFault
from bot.provider_checks import ProviderAnswers, judge_provider, judge_window
from bot.providers.configuration import ProviderConfiguration
from bot.providers.models import close_names

NAMES = ["provider", "key", "model", "answer"]
OK, WARNING, FAILED, SKIPPED = Verdict.OK, Verdict.WARNING, Verdict.FAILED, Verdict.SKIPPED


def judged(listed: Sequence[str] | ProviderFault, spoke: float | ProviderFault) -> dict[str, Check]:
    """The checks by name, for a host who asks for `a-model`."""
    checks = judge_provider(
        ProviderAnswers(
            provider=ProviderConfiguration(name="default", base_url="https://provider.test/v1"),
            model="a-model",
            listed=ProviderError(listed, "its words") if isinstance(listed, ProviderFault) else listed,
            first_words_seconds=ProviderError(spoke, "its words") if isinstance(spoke, ProviderFault) else spoke,
        )
    )
    assert [check.name for check in checks] == NAMES
    return {check.name: check for check in checks}


@pytest.mark.parametrize(
    ("listed", "spoke", "verdicts"),
    [
        (["a-model"], 0.8, [OK, OK, OK, OK]),
        ([], 0.8, [OK, OK, WARNING, OK]),
        (["another"], 0.8, [OK, OK, WARNING, OK]),
        (["another"], ProviderFault.NOT_FOUND, [OK, SKIPPED, FAILED, FAILED]),
        (["a-model"], ProviderFault.AUTH, [OK, FAILED, OK, SKIPPED]),
        (ProviderFault.AUTH, ProviderFault.AUTH, [OK, FAILED, SKIPPED, SKIPPED]),
        (ProviderFault.NOT_IMPLEMENTED, 0.8, [OK, OK, WARNING, OK]),
        (ProviderFault.NOT_FOUND, ProviderFault.NOT_FOUND, [OK, SKIPPED, WARNING, FAILED]),
        (ProviderFault.PROTOCOL, ProviderFault.PROTOCOL, [OK, SKIPPED, WARNING, FAILED]),
        (ProviderFault.BUSY, ProviderFault.BUSY, [OK, SKIPPED, SKIPPED, FAILED]),
        (["a-model"], ProviderFault.QUOTA, [OK, SKIPPED, OK, FAILED]),
        (["a-model"], ProviderFault.TIMEOUT, [OK, SKIPPED, OK, FAILED]),
        (ProviderFault.NETWORK, ProviderFault.NETWORK, [FAILED, SKIPPED, SKIPPED, SKIPPED]),
        (ProviderFault.TIMEOUT, ProviderFault.TIMEOUT, [FAILED, SKIPPED, SKIPPED, SKIPPED]),
    ],
)
def test_answers_become_verdicts(
    listed: Sequence[str] | ProviderFault, spoke: float | ProviderFault, verdicts: list[Verdict]
) -> None:
    """A list alone proves nothing, a model that speaks proves nearly everything, and silence leaves the rest open."""
    checks = judged(listed, spoke)
    assert [checks[name].verdict for name in NAMES] == verdicts


@pytest.mark.parametrize("fault", list(ProviderFault))
def test_every_refusal_says_something_to_do(fault: ProviderFault) -> None:
    """No fault ends without a sentence, and the provider's own words are quoted where it gave a reason."""
    checks = judged(["a-model"], fault)
    (sentence,) = [check.sentence for check in checks.values() if check.verdict is FAILED]
    assert sentence.endswith("(the provider says: its words)")


@pytest.mark.parametrize(
    ("model", "listed", "close"),
    [
        ("a-modle", ["a-model", "zebra"], ["a-model"]),
        ("A-Model", ["a-model"], ["a-model"]),
        ("small", ["vendor/small", "smell"], ["vendor/small", "smell"]),
        ("a-model", ["zebra"], []),
    ],
)
def test_close_names_are_offered(model: str, listed: list[str], close: list[str]) -> None:
    """A typo, another case and a forgotten vendor are recognised."""
    assert close_names(model, listed) == close


@pytest.mark.parametrize(("tokens", "verdict"), [(128_001, WARNING), (128_000, OK), (8192, OK)])
def test_window_that_is_set_should_fit_the_model(tokens: int, verdict: Verdict) -> None:
    """Too large a one would be refused only when a conversation has grown long."""
    check = judge_window(128_000, tokens)
    assert check.verdict is verdict
    assert "128,000" in check.sentence
    assert ("PROVIDER_CONTEXT_TOKENS=128000" in check.sentence) is (verdict is WARNING)
