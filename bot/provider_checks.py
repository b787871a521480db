"""What the doctor makes of a model provider's answers to two questions; pure.

The list of models is public at some providers, and missing at others, so it proves little by itself.  The other
question is the one that counts: a few words from the very model, with the very key.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.checks import Check, Verdict, failed, passed, skipped, warned
from bot.errors import ProviderError, ProviderFault
from bot.providers.advice import advice, setting
from bot.providers.configuration import ProviderConfiguration
from bot.providers.models import close_names
from bot.providers.parameters import Api

UNREACHABLE = frozenset({ProviderFault.NETWORK, ProviderFault.TIMEOUT})
NOT_OFFERED = frozenset({ProviderFault.NOT_FOUND, ProviderFault.NOT_IMPLEMENTED, ProviderFault.PROTOCOL})

# What to do about a refusal that shows no mistake by itself; the others say it themselves.
ADVICE = {
    ProviderFault.NOT_FOUND: "check {model} and {base_url}",
    ProviderFault.PROTOCOL: "check {base_url}: what answers there is no OpenAI-compatible API",
    ProviderFault.QUOTA: "top up the account that {keys} belongs to",
    ProviderFault.TIMEOUT: "try again when the model is loaded, or raise {first_byte_timeout_seconds}",
    ProviderFault.BAD_REQUEST: "check {model} and TEMPERATURE",
}
FIELDS = ("base_url", "keys", "first_byte_timeout_seconds")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderAnswers:
    """What a provider answered: each either the fact or the error in its place.

    `model` and `first_words_seconds` are None where nobody knows which of its models to ask; `is_chosen` where the
    model is the host's own choice.
    """

    provider: ProviderConfiguration
    model: str | None
    listed: Sequence[str] | ProviderError
    first_words_seconds: float | ProviderError | None
    is_chosen: bool = True

    @property
    def named_by(self) -> str:
        """Where the host has written the model's name."""
        return "PROVIDER_MODEL" if self.is_chosen else f"{self.provider.name}/{self.model}"


def judge_provider(answers: ProviderAnswers) -> tuple[Check, ...]:
    """Whether the provider is reachable, the key accepted, the model listed, and an answer on its way."""
    error, address = answers.listed, answers.provider.base_url
    if isinstance(error, ProviderError) and error.fault in UNREACHABLE:
        base_url = setting(answers.provider, "base_url")
        what = advice(answers.provider, error) or f"check {base_url}, and that the server is up"
        return (
            failed("provider", f"{address} does not answer: {what}"),
            *(skipped(name, "not asked, because the provider does not answer") for name in ("key", "model", "answer")),
        )
    return (
        passed("provider", f"{address} answers"),
        judge_key(answers),
        judge_model(answers),
        judge_answer(answers),
    )


def judge_other(answers: ProviderAnswers) -> Check:
    """A provider beside the chosen one, in one line: the first thing to do, or that there is none."""
    model = "" if answers.model is None else f"/{answers.model}"
    name = f"provider {answers.provider.name}{model}"
    provider, *others = judge_provider(answers)
    for verdict, check in ((Verdict.FAILED, failed), (Verdict.WARNING, warned)):
        found = [each.sentence for each in (provider, *others) if each.verdict is verdict]
        if found:
            return check(name, found[-1] if verdict is Verdict.FAILED else found[0])
    spoke = f" and begins to speak after {answers.first_words_seconds:.1f} seconds" if answers.model else ""
    return passed(name, f"{answers.provider.base_url} answers{spoke}")


def judge_key(answers: ProviderAnswers) -> Check:
    """A key that either question shows to be refused is refused."""
    for outcome in (answers.first_words_seconds, answers.listed):
        if isinstance(outcome, ProviderError) and outcome.fault is ProviderFault.AUTH:
            keys = setting(answers.provider, "keys")
            what = advice(answers.provider, outcome) or f"the provider does not accept {keys}: copy it again"
            return failed("key", f"{what}{quoted(outcome)}")
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
    if model is None or model in listed:
        return passed("model", f"{model or len(listed)} is listed")
    close = close_names(model, listed)
    hint = f": did you mean {' or '.join(close)}?" if close else ""
    sentence = f"the provider does not list {model}"
    if isinstance(answers.first_words_seconds, ProviderError):
        return failed("model", f"{answers.named_by}: {sentence}{hint}")
    return warned("model", f"{sentence}, but answers to that name{hint}")


def judge_answer(answers: ProviderAnswers) -> Check:
    """A few words of the model, which is what all the rest is for."""
    outcome = answers.first_words_seconds
    if outcome is None:
        if isinstance(answers.listed, ProviderError):
            what = f"name one of its models in models of [providers.{answers.provider.name}] to have it asked"
            return warned("answer", what)
        return skipped("answer", "not asked, because none of its models is named")
    if not isinstance(outcome, ProviderError):
        return passed("answer", f"the model began to speak after {outcome:.1f} seconds")
    found = advice(answers.provider, outcome) or lack_of_api(answers.provider, outcome)
    if outcome.fault is ProviderFault.AUTH:
        return skipped("answer", "none, because the key is not accepted")
    fields = {field: setting(answers.provider, field) for field in FIELDS}
    usual = ADVICE.get(outcome.fault, str(outcome)).format(model=answers.named_by, **fields)
    return failed("answer", f"{found or usual}{quoted(outcome)}")


def judge_window(model_tokens: int, set_tokens: int) -> Check:
    """Whether the window that is set fits the one that the public price list knows of the model."""
    if set_tokens > model_tokens:
        return warned("window", f"the model reads {model_tokens:,} tokens: set PROVIDER_CONTEXT_TOKENS={model_tokens}")
    return passed("window", f"the model reads {model_tokens:,} tokens, and PROVIDER_CONTEXT_TOKENS is {set_tokens:,}")


def judge_moderation(reference: str, error: ProviderError | None) -> Check:
    """Whether the host's moderation model checks anything; where it does not, what is to be checked is not sent."""
    if error is None:
        return passed("moderation", f"{reference} checks what it is given")
    what = f"MODERATION_MODEL: {reference} does not check anything, so questions are not sent where it should"
    return failed("moderation", f"{what}: name a provider/model that has /moderations{quoted(error)}")


def lack_of_api(provider: ProviderConfiguration, error: ProviderError) -> str | None:
    """What to change where a server does not offer what only some do; most relays have neither responses nor runs."""
    is_common = provider.api is Api.CHAT_COMPLETIONS
    if is_common or error.fault not in (ProviderFault.NOT_FOUND, ProviderFault.NOT_IMPLEMENTED):
        return None
    if "model" in error.detail.casefold():
        return None
    return f"the server does not offer {provider.api}: set {setting(provider, 'api')} to {Api.CHAT_COMPLETIONS}"


def quoted(error: ProviderError) -> str:
    """The provider's own words, which the host may see: they are cleaned of keys."""
    return f" (the provider says: {error.detail})" if error.detail else ""
