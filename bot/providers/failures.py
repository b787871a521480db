"""Every shape in which providers say no, as one `ProviderError`; pure.

Providers, the relays between us and them, and the gateways in front of both each have their own error body.  The
words in it decide before the status does, because relays use statuses freely: a used up credit comes as 403 and 429,
an unknown model as 503, and all of it inside a 200.
"""

from __future__ import annotations

import json
import math
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

from bot.errors import ContextTooLong, NotAnApi, ProviderError, ProviderFault

# Enough to find the cause in a log; providers put whole prompts and pages into their messages.
MAX_DETAIL_CHARS = 300

# Words in `code`, `type` or the message, first match wins; compared in lower case.
WORDS: tuple[tuple[ProviderFault, re.Pattern[str]], ...] = (
    (
        ProviderFault.QUOTA,
        re.compile(
            r"insufficient_(user_)?quota|pre_consume_token_quota_failed|billing_(hard_limit|not_active)"
            r"|payment required|exceeded your current quota|(quota|balance)[ _](is )?(exhausted|not[ _]enough|used up)"
            r"|credit balance|out of credits|insufficient[ _](account )?(balance|credits?|funds)"
            r"|额度(不足|已用尽)|余额不足"
        ),
    ),
    (
        ProviderFault.MODERATED,
        re.compile(
            r"content_filter|content_policy|responsibleaipolicy|sensitive_words|prompt_blocked|moderation_blocked"
            r"|flagged by (our |the )?(moderation|content)|content management policy|safety system"
        ),
    ),
    (
        ProviderFault.NOT_IMPLEMENTED,
        # The second line is how llama.cpp says that it takes no tools, as a server error (ggml-org/llama.cpp#10920).
        re.compile(
            r"api_not_implemented|not_implemented"
            r"|param requires --jinja|unsupported param: (tools|tool_choice)|tools param is not "
        ),
    ),
    (
        ProviderFault.NOT_FOUND,
        re.compile(
            r"model_not_found|not_found_error|no available channel for model|无可用渠道"
            r"|model [^ ]+ (does not exist|not found)"
        ),
    ),
    (
        ProviderFault.AUTH,
        re.compile(r"invalid_api_key|incorrect api key|authentication_error|access_denied|permission_error|无效的令牌"),
    ),
    (ProviderFault.RATE_LIMITED, re.compile(r"rate_limit|rate limit|too_many_requests|too many requests")),
    (
        ProviderFault.BUSY,
        re.compile(
            r"overloaded|get_channel_failed|no_available_key|do_request_failed|bad_response_status_code|server_error"
            r"|empty_response|saturated|负载已饱和"
        ),
    ),
)
TOO_LONG = re.compile(
    r"context_length_exceeded|maximum context length|exceed(s|ed)? the (available )?context (size|length|window)"
    r"|exceed_context_size|context window|prompt is too long|input is too long"
)
MESSAGE_FIELDS = ("message", "msg", "description", "detail", "errors")
# What a body without an error says in `code` where all is well, next to a `message`.
FINE = frozenset({"0", "200", "success", "ok", "true"})
REQUEST_ID = re.compile(r"\brequest id:? ([\w.-]*\d[\w-]*)", re.IGNORECASE)
REQUEST_ID_HEADERS = ("x-request-id", "x-oneapi-request-id", "request-id")
MAX_REQUEST_ID_CHARS = 80

STATUSES: Mapping[int, ProviderFault] = {
    401: ProviderFault.AUTH,
    402: ProviderFault.QUOTA,
    403: ProviderFault.AUTH,
    404: ProviderFault.NOT_FOUND,
    405: ProviderFault.NOT_IMPLEMENTED,
    408: ProviderFault.TIMEOUT,
    409: ProviderFault.BUSY,  # a lock or a deployment in the way: it passes
    429: ProviderFault.RATE_LIMITED,
    500: ProviderFault.BUSY,
    501: ProviderFault.NOT_IMPLEMENTED,
    502: ProviderFault.BUSY,
    503: ProviderFault.BUSY,
    504: ProviderFault.BUSY,
    529: ProviderFault.BUSY,
}

# Of a secret that is twice as long, so much may not be told either; `sk-proj-` is no more than that.
MIN_BEGINNING_CHARS = 8

# Keys as providers and relays make them, and whatever follows a word that announces one.
SECRETS = (
    re.compile(r"\b(?:sk|pk|rk|gsk|xai|key|token)[-_][\w*.-]{6,}", re.IGNORECASE),
    re.compile(r"\bAIza[\w-]{10,}"),
    re.compile(r"(?<=bearer )\S+", re.IGNORECASE),
    re.compile(r"(?<=api key provided: )\S+", re.IGNORECASE),
    re.compile(r"(?<=://)[^\s/@]+(?=@)"),  # who asks a proxy
    re.compile(r"(?<=[?&])[^\s\"'<>]+"),  # the query of an upstream's URL
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """What an error body says, whatever its shape; `code` and `kind` are its machine-readable words, or empty.

    `request_id` is what the provider's support asks for.
    """

    message: str
    code: str = ""
    kind: str = ""
    parameter: str = ""
    request_id: str = ""


def complaint_in(body: object) -> Complaint | None:
    """The complaint that a decoded JSON body is, or None when it is none."""
    if not isinstance(body, Mapping):
        return None
    error = body.get("error")
    request_id = _text(body.get("request_id"))
    if isinstance(error, Mapping) and error:
        return _complaint(error, request_id)
    if isinstance(error, str) and error:
        code = _text(body.get("code")) or _text(body.get("status"))
        return Complaint(message=_text(body.get("message")) or error, code=code, kind=error, request_id=request_id)
    refused = body.get("success") is False or body.get("object") == "error" or body.get("type") == "error"
    is_fine = body.get("success") is True or _text(body.get("code")).lower() in FINE
    if refused or (not is_fine and any(body.get(field) for field in MESSAGE_FIELDS)):
        return _complaint(body, request_id)
    return None


def failure(
    status: int | None, body: str, headers: Mapping[str, str], *, now: datetime, secrets: tuple[str, ...] = ()
) -> ProviderError:
    """The error that a response of this status and body means; header names are in lower case."""
    try:
        complaint = complaint_in(json.loads(body))
    except (ValueError, RecursionError):
        complaint = None
    return failure_of(
        complaint or Complaint(message=page_title(body)),
        status=status,
        is_page=body.lstrip()[:1] == "<",
        request_id=next((headers[name] for name in REQUEST_ID_HEADERS if name in headers), None),
        retry_after_seconds=retry_after(headers, now=now),
        secrets=secrets,
    )


def failure_of(
    complaint: Complaint,
    *,
    status: int | None = None,
    is_page: bool = False,
    request_id: str | None = None,
    retry_after_seconds: float | None = None,
    secrets: tuple[str, ...] = (),
) -> ProviderError:
    """The error that a complaint means; inside a 200 its own numeric code counts as the status."""
    detail = redact(_sentence(complaint), secrets)
    found = REQUEST_ID.search(complaint.message)
    request_id = redact(request_id or complaint.request_id or (found[1] if found else ""), secrets)
    if request_id and request_id not in detail:
        detail += f" (request id: {request_id[:MAX_REQUEST_ID_CHARS]})"
    fault = ProviderFault.PROTOCOL if is_page and status in (200, 400, 403) else fault_of(complaint, status)
    kind = ProviderError
    if fault is ProviderFault.BAD_REQUEST and _is_too_long(complaint):
        kind = ContextTooLong
    elif fault is ProviderFault.PROTOCOL and (is_page or (status or 0) in range(300, 400)):
        kind = NotAnApi
    return kind(
        fault,
        detail,
        status=status,
        request_id=request_id or None,
        retry_after_seconds=retry_after_seconds,
        parameter=complaint.parameter,
    )


def fault_of(complaint: Complaint, status: int | None) -> ProviderFault:
    """Why a provider said no: its words first, then the status."""
    words = f"{complaint.code} {complaint.kind} {complaint.message}".lower()
    if _is_too_long(complaint):
        return ProviderFault.BAD_REQUEST
    for fault, pattern in WORDS:
        if pattern.search(words):
            return fault
    if (status is None or status < 400) and complaint.code.isdecimal() and len(complaint.code) == 3:
        status = int(complaint.code)
    if status is None or status == 200:
        return ProviderFault.BAD_REQUEST if "invalid_request_error" in words else ProviderFault.UNKNOWN
    if status < 400:
        return ProviderFault.PROTOCOL  # a redirect: nothing that answers a POST
    unlisted = ProviderFault.BUSY if status >= 500 else ProviderFault.BAD_REQUEST
    return STATUSES.get(status, unlisted)


def retry_after(headers: Mapping[str, str], *, now: datetime) -> float | None:
    """How many seconds a provider asks us to wait: in `retry-after-ms`, or `Retry-After` as seconds or as a date."""
    for name, unit_seconds in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            wait_seconds = float(headers[name]) * unit_seconds
        except (KeyError, ValueError):
            continue
        return max(0.0, wait_seconds) if math.isfinite(wait_seconds) else None
    try:
        return max(0.0, (parsedate_to_datetime(headers["retry-after"]) - now).total_seconds())
    except (KeyError, ValueError, TypeError):
        return None


def redact(text: str, secrets: tuple[str, ...] = ()) -> str:
    """A text fit for the log: no keys, no queries of URLs, one line, not long."""
    for form in (form for secret in secrets for form in _forms(secret)):
        text = re.sub(form, "[redacted]", text)
    for pattern in SECRETS:
        text = pattern.sub("[redacted]", text)
    return " ".join(text.split())[:MAX_DETAIL_CHARS]


def _forms(secret: str) -> Iterator[str]:
    """Patterns of how a provider can repeat what it was given: as it is, without its scheme, encoded, cut off."""
    bare = secret.rpartition(" ")[2]
    if len(bare) > 3:  # a placeholder of a letter or two is none, and would hide every word
        quoted = "".join(sign if sign.isalnum() or sign in "-._~" else f"%{ord(sign):02X}" for sign in bare)
        encoded = b64encode(bare.encode("utf-8", "replace")).decode().rstrip("=")
        yield from (re.escape(form) for form in (secret, bare, quoted, encoded))
    if len(bare) >= 2 * MIN_BEGINNING_CHARS:
        yield re.escape(bare[:MIN_BEGINNING_CHARS]) + r"\S*"


def _complaint(error: Mapping[object, object], request_id: str) -> Complaint:
    message = next((text for name in MESSAGE_FIELDS if (text := _text(error.get(name)))), "")
    return Complaint(
        message=message,
        code=_text(error.get("code")),
        kind=_text(error.get("type")) or _text(error.get("name")),
        parameter=_text(error.get("param")),
        request_id=request_id or _text(error.get("request_id")),
    )


def _text(value: object) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    try:
        return json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        return ""


def _sentence(complaint: Complaint) -> str:
    labels = [label for label in (complaint.code, complaint.kind, complaint.parameter) if label]
    return f"{complaint.message} ({', '.join(labels)})" if labels else complaint.message


def _is_too_long(complaint: Complaint) -> bool:
    return bool(TOO_LONG.search(f"{complaint.code} {complaint.kind} {complaint.message}".lower()))


def page_title(body: str) -> str:
    """What a page calls itself, or the beginning of a body that is none."""
    title = re.search(r"<title[^>]*>([^<]{0,200})", body[:20_000], re.IGNORECASE)
    return f"a page titled {title[1]!r}" if title else body[:MAX_DETAIL_CHARS]
