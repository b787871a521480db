"""What the doctor makes of a model provider's answers to two questions; pure.

The list of models is public at some providers, and missing at others, so it proves little by itself.  The other
question is the one that counts: a few words from the very model, with the very key.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.checks import Check, failed, passed, skipped, warned
from bot.errors import ProviderError, ProviderFault
from bot.providers.models import close_names

UNREACHABLE = frozenset({ProviderFault.NETWORK, ProviderFault.TIMEOUT})
NOT_OFFERED = frozenset({ProviderFault.NOT_FOUND, ProviderFault.NOT_IMPLEMENTED, ProviderFault.PROTOCOL})

# What to do about a refusal that is not about the key; the others say it themselves.
ADVICE = {
    ProviderFault.NOT_FOUND: "check PROVIDER_MODEL, and whether PROVIDER_BASE_URL needs /v1 at its end",
    ProviderFault.PROTOCOL: "check PROVIDER_BASE_URL: what answers there is no OpenAI-compatible API",
    ProviderFault.QUOTA: "top up the account that PROVIDER_API_KEY belongs to",
    ProviderFault.TIMEOUT: "try again when the model is loaded, or raise PROVIDER_FIRST_BYTE_TIMEOUT_SECONDS",
    ProviderFault.BAD_REQUEST: "check PROVIDER_MODEL and TEMPERATURE",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderAnswers:
    """What a provider answered: each either the fact or the error in its place."""

    base_url: str
    model: str
    listed: Sequence[str] | ProviderError
    first_words_seconds: float | ProviderError


def judge_provider(answers: ProviderAnswers) -> tuple[Check, ...]:
    """Whether the provider is reachable, the key accepted, the model listed, and an answer on its way."""
    error = answers.listed
    if isinstance(error, ProviderError) and error.fault in UNREACHABLE:
        return (
            failed(
                "provider", f"{answers.base_url} does not answer: check PROVIDER_BASE_URL, and that the server is up"
            ),
            *(skipped(name, "not asked, because the provider does not answer") for name in ("key", "model", "answer")),
        )
    return (
        passed("provider", f"{answers.base_url} answers"),
        judge_key(answers),
        judge_model(answers),
        judge_answer(answers),
    )


def judge_key(answers: ProviderAnswers) -> Check:
    """A key that either question shows to be refused is refused."""
    for outcome in (answers.first_words_seconds, answers.listed):
        if isinstance(outcome, ProviderError) and outcome.fault is ProviderFault.AUTH:
            return failed("key", f"the provider does not accept PROVIDER_API_KEY: copy it again{quoted(outcome)}")
    if isinstance(answers.first_words_seconds, ProviderError):
        return skipped("key", "not known, because the model did not answer")
    return passed("key", "accepted")


def judge_model(answers: ProviderAnswers) -> Check:
    """Whether the model is listed, and which names come close; one that answers may be an alias."""
    listed, model = answers.listed, answers.model
    if isinstance(listed, ProviderError):
        if listed.fault in NOT_OFFERED:
            return warned("model", "this provider does not list its models, so the name could not be looked up")
        return skipped("model", f"not looked up: {listed}")
    if model in listed:
        return passed("model", f"{model} is listed")
    close = close_names(model, listed)
    hint = f": did you mean {' or '.join(close)}?" if close else ""
    sentence = f"the provider does not list {model}{hint}"
    if isinstance(answers.first_words_seconds, ProviderError):
        return failed("model", f"PROVIDER_MODEL: {sentence}")
    return warned("model", f"{sentence}, but answers to that name")


def judge_answer(answers: ProviderAnswers) -> Check:
    """A few words of the model, which is what all the rest is for."""
    outcome = answers.first_words_seconds
    if not isinstance(outcome, ProviderError):
        return passed("answer", f"the model began to speak after {outcome:.1f} seconds")
    if outcome.fault is ProviderFault.AUTH:
        return skipped("answer", "none, because the key is not accepted")
    return failed("answer", f"{ADVICE.get(outcome.fault, str(outcome))}{quoted(outcome)}")


def quoted(error: ProviderError) -> str:
    """The provider's own words, which the host may see: they are cleaned of keys."""
    return f" (the provider says: {error.detail})" if error.detail else ""
