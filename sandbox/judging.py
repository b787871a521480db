"""What the scripted provider thinks of texts: whether they are allowed, and how alike they are."""

from __future__ import annotations

import math
import struct
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256

from sandbox.orders import Json, Order, Quirks, Result, whole

DIMENSIONS = 64
REFUSED = {"message": "Unknown field encoding_format.", "type": "invalid_request_error", "param": "encoding_format"}


def moderate(order: Order, quirks: Quirks) -> Result:
    """Verdicts on texts, or one on the parts of a message: a flagged word is bad wherever it stands."""
    given = order.body["input"]
    inputs = given if isinstance(given, list) else [given]
    if all(isinstance(one, str) for one in inputs):
        results = [_verdict({"text": one}, quirks) for one in inputs]
    else:
        results = [_verdict({part["type"].removesuffix("_url"): str(part) for part in inputs}, quirks)]
    return whole({"id": "modr-1", "model": order.body.get("model", "moderator"), "results": results})


def embed(order: Order, quirks: Quirks) -> Result:
    """Vectors of length 1, the more alike the more words two texts share; the last input's comes first."""
    if quirks.refuses_base64 and "encoding_format" in order.body:
        return whole({"error": REFUSED}, status=400)
    inputs, dimensions = order.body["input"], int(order.body.get("dimensions", DIMENSIONS))
    is_packed = order.body.get("encoding_format") == "base64" and not quirks.float_vectors
    data = [
        {"object": "embedding", "index": index, "embedding": _packed(vector) if is_packed else vector}
        for index, vector in enumerate(vector_of(one, dimensions) for one in inputs)
    ]
    count = sum(len(str(one).split()) for one in inputs)
    usage = quirks.usage(prompt_tokens=count, total_tokens=count)
    return whole({"object": "list", "data": data[::-1], "model": order.body["model"], **usage})


def vector_of(text: object, dimensions: int = DIMENSIONS) -> list[float]:
    """The vector of a text: the sum of its words' own, of length 1."""
    sums = [0.0] * dimensions
    for word in str(text).lower().split():
        for place in range(dimensions):
            sums[place] += sha256(f"{place} {word}".encode()).digest()[0] - 127.5
    length = math.hypot(*sums) or 1.0
    return [value / length for value in sums]


def _packed(vector: list[float]) -> str:
    return b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


def _verdict(inputs: Mapping[str, str], quirks: Quirks) -> Json:
    kinds = [kind for kind, said in inputs.items() if any(word in said for word in quirks.flagged_words)]
    return {
        "flagged": bool(kinds),
        "categories": {"harassment": bool(kinds), "violence/graphic": False, "illicit": None},
        "category_scores": {"harassment": 0.98 if kinds else 0.01, "violence/graphic": 0.0},
        "category_applied_input_types": {"harassment": kinds, "violence/graphic": []},
    }
