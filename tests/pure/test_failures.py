"""The many ways in which providers say no."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.errors import ContextTooLong, ProviderFault
from bot.providers.failures import failure, redact, retry_after

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)

# Status, body, and why.
REFUSALS: list[tuple[int, str, ProviderFault]] = [
    (
        401,
        '{"error": {"message": "Incorrect API key", "type": "invalid_request_error", "code": "invalid_api_key"}}',
        ProviderFault.AUTH,
    ),
    (401, '{"error": {"message": "no", "type": "invalid_request_error", "code": null}}', ProviderFault.AUTH),
    (403, '{"error": {"message": "region", "code": null}}', ProviderFault.AUTH),
    (
        403,
        '{"error": {"message": "x", "type": "new_api_error", "code": "insufficient_user_quota"}}',
        ProviderFault.QUOTA,
    ),
    (403, '{"error": {"code": "pre_consume_token_quota_failed"}}', ProviderFault.QUOTA),
    (402, "{}", ProviderFault.QUOTA),
    (
        429,
        '{"error": {"message": "You exceeded your current quota", "type": "insufficient_quota"}}',
        ProviderFault.QUOTA,
    ),
    (
        429,
        '{"error": {"message": "Rate limit reached", "type": "tokens", "code": "rate_limit_exceeded"}}',
        ProviderFault.RATE_LIMITED,
    ),
    (429, "slow down", ProviderFault.RATE_LIMITED),
    (
        429,
        '{"error": {"message": "upstream load of this group is saturated, try later", "type": "x"}}',
        ProviderFault.BUSY,
    ),
    (404, '{"error": {"message": "The model `x` does not exist", "code": "model_not_found"}}', ProviderFault.NOT_FOUND),
    (
        503,
        '{"error": {"message": "no available channel for model x under group y", "code": "model_not_found"}}',
        ProviderFault.NOT_FOUND,
    ),
    (503, '{"error": {"code": "get_channel_failed", "message": "x"}}', ProviderFault.BUSY),
    (
        400,
        '{"error": {"message": "bad", "type": "invalid_request_error", "param": "x", "code": 7}}',
        ProviderFault.BAD_REQUEST,
    ),
    (400, '{"error": {"message": "filtered", "code": "content_filter"}}', ProviderFault.MODERATED),
    (400, '{"error": {"message": "x", "code": "sensitive_words_detected"}}', ProviderFault.MODERATED),
    (400, '{"error": {"message": "x", "code": "prompt_blocked"}}', ProviderFault.MODERATED),
    (413, '{"error": {"message": "x", "code": "read_request_body_failed"}}', ProviderFault.BAD_REQUEST),
    (422, '{"detail": [{"loc": ["body", "user"], "msg": "extra fields not permitted"}]}', ProviderFault.BAD_REQUEST),
    (501, '{"error": {"message": "x", "code": "api_not_implemented"}}', ProviderFault.NOT_IMPLEMENTED),
    (500, '{"error": "text"}', ProviderFault.BUSY),
    (500, '{"timestamp": 1, "status": 500, "error": "Internal Server Error", "path": "/"}', ProviderFault.BUSY),
    (529, '{"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}', ProviderFault.BUSY),
    (502, "<html><title>502 Bad Gateway</title></html>", ProviderFault.BUSY),
    (403, "<html><title>Just a moment...</title></html>", ProviderFault.PROTOCOL),
    (522, "", ProviderFault.BUSY),
    (418, "", ProviderFault.BAD_REQUEST),
    (301, "", ProviderFault.PROTOCOL),
    (408, "", ProviderFault.TIMEOUT),
    (409, "", ProviderFault.BUSY),
    (400, '{"id": "1", "name": "bad_request", "errors": ["prompt: too short"]}', ProviderFault.BAD_REQUEST),
    (400, '{"description": "x", "type": "upstream_error", "code": 4}', ProviderFault.BAD_REQUEST),
    (400, "[" * 50_000, ProviderFault.BAD_REQUEST),
]


@pytest.mark.parametrize(("status", "body", "fault"), REFUSALS)
def test_failure_names_the_reason(status: int, body: str, fault: ProviderFault) -> None:
    """Each error body and status that was seen in the wild has one reason."""
    error = failure(status, body, {}, now=NOW)
    assert (error.fault, error.status) == (fault, status)


@pytest.mark.parametrize(
    "message",
    [
        "This model's maximum context length is 8192 tokens.",
        "the request exceeds the available context size, try increasing it",
        "prompt is too long: 9000 tokens",
    ],
)
def test_failure_names_a_conversation_that_is_too_long(message: str) -> None:
    """Being too long is told from other bad requests by its words, because few servers send the code."""
    assert isinstance(failure(400, f'{{"error": {{"message": "{message}"}}}}', {}, now=NOW), ContextTooLong)


def test_failure_keeps_what_support_asks_for() -> None:
    """The request id comes from the header or from the end of the message, the wait from its header."""
    body = '{"error": {"message": "busy (request id: 2026-abc)"}}'
    assert failure(503, body, {"retry-after": "3"}, now=NOW).retry_after_seconds == 3
    assert failure(503, body, {}, now=NOW).request_id == "2026-abc"
    assert failure(503, body, {"x-request-id": "r1"}, now=NOW).request_id == "r1"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "2.5"}, 2.5),
        ({"retry-after": "-1"}, 0),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after": "Sun, 22 Nov 2026 12:00:30 GMT"}, 30),
        ({"retry-after": "Sun, 22 Nov 2026 11:00:00 GMT"}, 0),
        ({"retry-after": "Sun, 22 Nov 2026 12:00:30"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({}, None),
    ],
)
def test_retry_after_reads_every_form(headers: dict[str, str], seconds: float | None) -> None:
    """Seconds, milliseconds and dates are understood; what is none of them is no wish."""
    assert retry_after(headers, now=NOW) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "Incorrect API key provided: hunter2-hunter2.",
        "key sk-proj-hunter2-hunter2 refused",
        "Authorization: Bearer hunter2",
        "GET https://up.example/v1?key=hunter2&x=1 failed",
        "AIzahunter2hunter2 is no key",
        "the configured hunter2 is wrong",
    ],
)
def test_redact_leaves_no_key(text: str) -> None:
    """Keys do not reach the log, neither ours nor those that a relay echoes."""
    assert "hunter2" not in redact(text, ("hunter2",) if "configured" in text else ())


def test_redact_keeps_a_log_line_short() -> None:
    """A provider that puts a page into its message does not fill the log."""
    cleaned = redact("a\n" * 5000)
    assert len(cleaned) <= 300
    assert "\n" not in cleaned
