"""Every error that Parley raises on purpose.

ParleyError
├── ConfigurationError      the host must change a setting           exit code 2
├── StartupError            something outside must change first      exit code 1
│   └── DatabaseTooNew      written by a newer Parley
├── StoreError              the database could not do what was asked
│   └── LiveRunExists       the conversation is being answered already
├── InvalidTransition       a run was asked to move where its table does not lead
├── InvalidOutputs          tool outputs were submitted that a run does not wait for
├── Refusal                 what a person asked for cannot be done now, or not by them
├── ProviderError           a provider did not answer as asked; carries a ProviderFault
│   ├── ContextTooLong      BAD_REQUEST: the conversation does not fit the model's window
│   ├── NotAnApi            PROTOCOL: a web page, or the way to one
│   └── WrongApi            PROTOCOL: the stream is one of another API
└── ReplyError              an answer could not be shown
    ├── ReplyGone           its message or its channel is gone, or closed to the bot: final
    ├── PageOutOfReach      the webhook that posted a page is gone: nobody can change the page any more
    └── DiscordUnavailable  Discord did not take it now: to be tried again

The first argument of each is a sentence fit for the person who can do something about it: it holds no
secret and no provider's raw words.
"""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar


class ParleyError(Exception):
    """Something went wrong in Parley."""


class ConfigurationError(ParleyError):
    """A setting is missing or wrong."""


class StartupError(ParleyError):
    """Parley cannot start as things are."""


class DatabaseTooNew(StartupError):
    """The database was written by a newer Parley."""


class StoreError(ParleyError):
    """The database could not do what was asked of it."""


class LiveRunExists(StoreError):
    """This conversation is being answered already."""


class InvalidTransition(ParleyError):
    """A run cannot move this way from the state it is in."""


class InvalidOutputs(ParleyError):
    """These are not the tool outputs that the run waits for."""


class Refusal(ParleyError):
    """That cannot be done now."""


class ProviderFault(StrEnum):
    """Why a provider did not answer, the same for every wire format."""

    AUTH = "auth"
    QUOTA = "quota"
    RATE_LIMITED = "rate_limited"
    BUSY = "busy"
    BAD_REQUEST = "bad_request"
    MODERATED = "moderated"
    NOT_FOUND = "not_found"
    NOT_IMPLEMENTED = "not_implemented"
    TIMEOUT = "timeout"
    NETWORK = "network"
    PROTOCOL = "protocol"
    UNKNOWN = "unknown"


class ProviderError(ParleyError):
    """A provider refused, failed, or broke off.

    `str(error)` is the friendly sentence of `fault`.  `detail` holds the provider's own words, cleaned of keys,
    for the log only.  `retry_after_seconds` is what the provider asked for, if it did, and `parameter` the field of the
    request that it blames, if it names one.
    """

    own_sentence: ClassVar[str] = ""

    def __init__(
        self,
        fault: ProviderFault,
        detail: str = "",
        *,
        status: int | None = None,
        request_id: str | None = None,
        retry_after_seconds: float | None = None,
        parameter: str = "",
    ) -> None:
        super().__init__(self.own_sentence or SENTENCES[fault])
        self.fault = fault
        self.detail = detail
        self.status = status
        self.request_id = request_id
        self.retry_after_seconds = retry_after_seconds
        self.parameter = parameter


class ReplyError(ParleyError):
    """An answer could not be shown in Discord."""


class ReplyGone(ReplyError):
    """The message or the channel of an answer is gone, or closed to the bot; `code` is Discord's reason."""

    def __init__(self, sentence: str, code: int = 0) -> None:
        super().__init__(sentence)
        self.code = code


class PageOutOfReach(ReplyError):
    """The webhook that posted a page of an answer is gone, and only it could change that page."""


class DiscordUnavailable(ReplyError):
    """Discord did not take a request this time."""


class ContextTooLong(ProviderError):
    """This conversation is longer than the model can read. `/reset` starts a new one."""

    own_sentence = "This conversation is longer than the model can read. `/reset` starts a new one."


class NotAnApi(ProviderError):
    """What answers at the model provider's address is not its API. The host has to check the address."""

    own_sentence = "What answers at the model provider's address is not its API. The host has to check the address."


class WrongApi(ProviderError):
    """The model provider speaks another API than the host has set. The host has to change it."""

    own_sentence = "The model provider speaks another API than the host has set. The host has to change it."

    def __init__(self, api: str) -> None:
        super().__init__(ProviderFault.PROTOCOL, f"a stream of the API {api}")
        self.api = api


# What a person is told of an error that nobody foresaw.
UNEXPECTED = "Something went wrong here. The host can find the reason in the log."

SENTENCES: dict[ProviderFault, str] = {
    ProviderFault.AUTH: "The model provider did not accept this bot's key. The host has to check it.",
    ProviderFault.QUOTA: "The model provider's credit is used up. The host has to top it up.",
    ProviderFault.RATE_LIMITED: "The model provider is getting too many requests. Please try again in a moment.",
    ProviderFault.BUSY: "The model provider is overloaded right now. Please try again in a moment.",
    ProviderFault.BAD_REQUEST: "The model provider could not handle this conversation. `/reset` starts a new one.",
    ProviderFault.MODERATED: "The model provider's content filter stopped this answer.",
    ProviderFault.NOT_FOUND: "The model provider does not know this model. The host has to check its name and address.",
    ProviderFault.NOT_IMPLEMENTED: "The model provider does not offer what was asked of it.",
    ProviderFault.TIMEOUT: "The model provider took too long to answer. Please try again.",
    ProviderFault.NETWORK: "The model provider could not be reached. Please try again in a moment.",
    ProviderFault.PROTOCOL: "The model provider broke off or sent something that is not an answer. Please try again.",
    ProviderFault.UNKNOWN: "The model provider failed for a reason it did not give. Please try again.",
}
