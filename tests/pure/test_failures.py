"""The many ways in which providers say no."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from bot.errors import ContextTooLong, ProviderFault
from bot.providers.failures import complaint_in, failure, failure_of, redact, retry_after

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


F = ProviderFault
# What relays and the gateways before them were seen to answer, by where: status, body, why, and words for the log.
SEEN: dict[str, tuple[int, object, ProviderFault, str]] = {
    "openai": (
        401,
        {"error": {"message": "No.", "type": "x", "param": None, "code": "invalid_api_key"}},
        F.AUTH,
        "No.",
    ),
    "code null": (429, {"error": {"message": "Slow down.", "type": "requests", "code": None}}, F.RATE_LIMITED, "Slow"),
    "code int": (500, {"error": {"message": "No.", "code": 500}}, F.BUSY, "500"),
    "code int in a 200": (200, {"error": {"message": "No.", "code": 429}}, F.RATE_LIMITED, "No."),
    "error text": (400, {"error": "Prompt is empty"}, F.BAD_REQUEST, "Prompt is empty"),
    "task: code text": (
        400,
        {"code": "invalid_request", "message": "No model.", "data": None},
        F.BAD_REQUEST,
        "No model",
    ),
    "task: quota": (403, {"code": "quota_not_enough", "message": "No.", "data": None}, F.QUOTA, "quota_not_enough"),
    "task: code int": (200, {"code": 1102, "message": "Account balance not enough"}, F.QUOTA, "1102"),
    "midjourney": (
        400,
        {"description": "banned prompt", "type": "upstream_error", "code": 24},
        F.BAD_REQUEST,
        "banned",
    ),
    "midjourney: quota": (403, {"description": "quota_not_enough", "type": "one_api_error", "code": 4}, F.QUOTA, "4"),
    "management": (401, {"success": False, "message": "无效的令牌"}, F.AUTH, "无效的令牌"),
    "management in a 200": (200, {"success": False, "message": "无效的令牌"}, F.AUTH, "无效的令牌"),
    "management without words": (200, {"success": False}, F.UNKNOWN, ""),
    "200: code and msg": (200, {"code": 401, "msg": "Key?"}, F.AUTH, "Key?"),
    "200: code and message": (200, {"code": 503, "message": "Later."}, F.BUSY, "Later."),
    "200: own code": (200, {"code": 1001, "msg": "Odd."}, F.UNKNOWN, "Odd."),
    "stability": (400, {"id": "1", "name": "bad_request", "errors": ["prompt: too short"]}, F.BAD_REQUEST, "too short"),
    "fastapi: list": (422, {"detail": [{"loc": ["body", "n"], "msg": "must be int"}]}, F.BAD_REQUEST, "must be int"),
    "fastapi: text": (404, {"detail": "Not Found"}, F.NOT_FOUND, "Not Found"),
    "fastapi: object": (500, {"detail": {"error": "no workers"}}, F.BUSY, "no workers"),
    "gateway": (404, {"timestamp": 1, "status": 404, "error": "Not Found", "path": "/v1"}, F.NOT_FOUND, "Not Found"),
    "gateway in a 200": (
        200,
        {"timestamp": 1, "status": 503, "error": "Unavailable", "path": "/"},
        F.BUSY,
        "Unavailable",
    ),
    "cloudflare: challenge": (403, "<html><title>Just a moment...</title>", F.PROTOCOL, "Just a moment"),
    "cloudflare: origin": (521, "<!DOCTYPE html><title>Web server is down</title>", F.BUSY, "server is down"),
    "nginx: too large": (413, "<html><title>413 Request Entity Too Large</title>", F.BAD_REQUEST, "413"),
    "nginx: upstream": (502, "<html><title>502 Bad Gateway</title>", F.BUSY, "502"),
    "login page": (200, "<html><title>Sign in</title>", F.PROTOCOL, "Sign in"),
    "plain text": (503, "no healthy upstream", F.BUSY, "no healthy upstream"),
    "nothing": (500, "", F.BUSY, ""),
    # types and codes
    "new_api_error": (500, {"error": {"message": "No.", "type": "new_api_error", "code": ""}}, F.BUSY, "new_api_error"),
    "one_api_error": (500, {"error": {"message": "No.", "type": "one_api_error"}}, F.BUSY, "one_api_error"),
    "upstream_error": (500, {"error": {"message": "No.", "type": "upstream_error"}}, F.BUSY, "upstream_error"),
    "openai_error": (400, {"error": {"message": "No.", "type": "openai_error"}}, F.BAD_REQUEST, "openai_error"),
    "insufficient_user_quota": (403, {"error": {"message": "No.", "code": "insufficient_user_quota"}}, F.QUOTA, "No."),
    "pre_consume": (403, {"error": {"message": "No.", "code": "pre_consume_token_quota_failed"}}, F.QUOTA, "No."),
    "quota in words": (403, {"error": {"message": "用户额度不足, 剩余额度: 0"}}, F.QUOTA, "用户额度不足"),
    "model_not_found": (
        503,
        {"error": {"message": "no available channel for model m under group g", "code": "model_not_found"}},
        F.NOT_FOUND,
        "under group g",
    ),
    "model_not_found in words": (
        503,
        {"error": {"message": "当前分组 g 下对于模型 m 无可用渠道"}},
        F.NOT_FOUND,
        "无可用渠道",
    ),
    "get_channel_failed": (500, {"error": {"message": "No.", "code": "get_channel_failed"}}, F.BUSY, "No."),
    "no_available_key": (500, {"error": {"message": "No.", "code": "channel:no_available_key"}}, F.BUSY, "No."),
    "do_request_failed": (500, {"error": {"message": "No.", "code": "do_request_failed"}}, F.BUSY, "No."),
    "bad_response": (401, {"error": {"message": "No.", "code": "bad_response_status_code"}}, F.BUSY, "No."),
    "empty_response": (200, {"error": {"message": "No.", "code": "empty_response"}}, F.BUSY, "No."),
    "sensitive_words": (400, {"error": {"message": "No.", "code": "sensitive_words_detected"}}, F.MODERATED, "No."),
    "prompt_blocked": (400, {"error": {"message": "No.", "code": "prompt_blocked"}}, F.MODERATED, "No."),
    "access_denied": (403, {"error": {"message": "No.", "code": "access_denied"}}, F.AUTH, "No."),
    "read_request_body": (413, {"error": {"message": "No.", "code": "read_request_body_failed"}}, F.BAD_REQUEST, "No."),
    "api_not_implemented": (
        501,
        {"error": {"message": "No.", "code": "api_not_implemented"}},
        F.NOT_IMPLEMENTED,
        "No.",
    ),
    "no such route": (
        404,
        {"error": {"message": "Invalid URL (POST /v1/threads)", "type": "invalid_request_error"}},
        F.NOT_FOUND,
        "Invalid URL",
    ),
    # what 429 means
    "429: own limit": (
        429,
        {"error": {"message": "reached the request limit: at most 3 requests in 1 minutes"}},
        F.RATE_LIMITED,
        "at most 3",
    ),
    "429: saturated": (429, {"error": {"message": "当前分组上游负载已饱和"}}, F.BUSY, "负载已饱和"),
    "429: saturated in English": (
        429,
        {"error": {"message": "upstream load of this group is saturated"}},
        F.BUSY,
        "load",
    ),
    "429: upstream quota": (429, {"error": {"message": "No.", "code": "insufficient_quota"}}, F.QUOTA, "No."),
}


@pytest.mark.parametrize("seen", SEEN)
def test_refusal_of_a_relay_has_one_reason(seen: str) -> None:
    """Whatever its shape, in an error's response and in a 200, and its words reach the host's log."""
    status, body, fault, words = SEEN[seen]
    text = body if isinstance(body, str) else json.dumps(body)
    error = failure(status, text, {}, now=NOW)
    assert (error.fault, error.status) == (fault, status)
    assert words in error.detail
    if status == 200 and not isinstance(body, str):
        complaint = complaint_in(body)
        assert complaint is not None
        assert failure_of(complaint, status=200).fault is fault


@pytest.mark.parametrize(
    "body",
    [
        {"code": 0, "msg": "ok", "data": {}},
        {"code": 200, "message": "success", "data": {}},
        {"code": "success", "message": "", "data": {}},
        {"code": True, "message": "ok", "data": {}},
        {"success": True, "message": "done"},
        {"error": None, "id": "x"},
        {"error": {}},
        {"code": 7},
        [],
        None,
    ],
    ids=json.dumps,
)
def test_answer_that_says_that_all_is_well_is_no_complaint(body: object) -> None:
    """A 200 is refused for a clear error alone."""
    assert complaint_in(body) is None


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


def test_failure_keeps_how_long_to_wait() -> None:
    """As its header says."""
    assert failure(503, "busy", {"retry-after": "3"}, now=NOW).retry_after_seconds == 3


@pytest.mark.parametrize(
    ("body", "headers", "request_id"),
    [
        ({"error": {"message": "busy (request id: 2026-abc)"}}, {}, "2026-abc"),
        ({"error": {"message": "Please include the request ID req_1f2e. in your message."}}, {}, "req_1f2e"),
        ({"error": {"message": "busy"}, "request_id": "req_7"}, {}, "req_7"),
        ({"code": "x", "message": "busy", "request_id": "r-9"}, {}, "r-9"),
        ({"error": {"message": "busy"}}, {"x-request-id": "r1"}, "r1"),
        ({"error": {"message": "busy"}}, {"x-oneapi-request-id": "r2"}, "r2"),
        ({"error": {"message": "a request id is missing"}}, {}, None),
    ],
)
def test_failure_keeps_what_support_asks_for(body: object, headers: dict[str, str], request_id: str | None) -> None:
    """The request id comes from a header, the body, or the words, and stands in the log."""
    error = failure(503, json.dumps(body), headers, now=NOW)
    assert error.request_id == request_id
    assert request_id is None or request_id in error.detail


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


@pytest.mark.parametrize(
    "echo",
    [
        "the key was q7Jd/93kfLw+0aPz==",
        "got header Authorization=q7Jd/93kfLw+0aPz==;",
        "?k%3Dq7Jd%2F93kfLw%2B0aPz%3D%3D",
        "cTdKZC85M2tmTHcrMGFQej09 is no key",
        "unknown key q7Jd/93k...",
        "unknown key q7Jd/93kfLw+0",
    ],
    ids=["as it is", "without its scheme", "in an address", "in base64", "shortened", "cut off"],
)
def test_redact_knows_a_secret_in_other_clothes(echo: str) -> None:
    """The secret is of a shape that nobody announces, in a header that has its scheme before it."""
    cleaned = redact(echo, ("Bearer q7Jd/93kfLw+0aPz==",))
    assert "[redacted]" in cleaned
    assert not any(part in cleaned for part in ("q7Jd", "93kf", "fLw", "cTdK"))


def test_redact_leaves_no_password_of_a_proxy() -> None:
    """It stands in the address that an error of the network may quote."""
    assert redact("Cannot connect to http://ada:hunter2@proxy:3128") == (
        "Cannot connect to http://[redacted]@proxy:3128"
    )


def test_redact_keeps_a_log_line_short() -> None:
    """A provider that puts a page into its message does not fill the log."""
    cleaned = redact("a\n" * 5000)
    assert len(cleaned) <= 300
    assert "\n" not in cleaned
