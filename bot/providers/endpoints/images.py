"""Pictures from words and from other pictures, by a provider's `/images`."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Literal

from bot.errors import ProviderError, ProviderFault, Refusal
from bot.providers.bodies import Consumption, Json, consumption_in, decoded, entries_in, given, unusable, word
from bot.providers.endpoint import Body, Endpoint
from bot.providers.endpoints.media import content_type_of
from bot.providers.event_bodies import objects
from bot.providers.forms import File, Form
from bot.providers.transport import Terms

log = logging.getLogger(__name__)

# A picture of a wish with many parts takes two minutes, and comes in one piece.
PAID = Terms(is_paid=True, first_byte_seconds=240.0)
# Ten pictures of 3 MB, or one of the largest size without compression, are 40 MB in base64.
MAX_ANSWER_BYTES = 48 * 1024 * 1024
# What OpenAI takes of one picture, and here of all together: they are held in memory.
MAX_UPLOAD_BYTES = 50 * 1024 * 1024
MAX_SOURCES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRequest:
    """What to draw; what is None is the provider's choice, and models differ in what they take.

    `size` is `WIDTHxHEIGHT` in pixels, or `auto`; `output_compression` is from 0 to 100 and for JPEG and WebP;
    `response_format` and `style` are for the DALL-E models and their kin; `user` is a hash of the end user.
    """

    prompt: str = field(repr=False)
    model: str | None = None
    count: int | None = None  # 1 to 10
    size: str | None = None
    quality: Literal["auto", "low", "medium", "high", "standard", "hd"] | None = None
    background: Literal["transparent", "opaque", "auto"] | None = None
    output_format: Literal["png", "jpeg", "webp"] | None = None
    output_compression: int | None = None
    moderation: Literal["low", "auto"] | None = None
    response_format: Literal["url", "b64_json"] | None = None
    style: Literal["vivid", "natural"] | None = None
    user: str | None = None

    def body(self) -> dict[str, Any]:
        """The fields in the API's words."""
        names = (name for name in self.__dataclass_fields__ if name != "count")
        return given(n=self.count, **{name: getattr(self, name) for name in names})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """The pictures to draw from, 1 to 16; where `mask` is transparent, the first of them is drawn anew."""

    images: Sequence[File]
    mask: File | None = None
    input_fidelity: Literal["low", "high"] | None = None

    def form(self, fields: Mapping[str, Any]) -> Form:
        """The body of an edit.  Raises: Refusal."""
        files = [*self.images, *([self.mask] if self.mask else [])]
        if not 1 <= len(self.images) <= MAX_SOURCES:
            raise Refusal(f"Please give 1 to {MAX_SOURCES} pictures to change.")
        if sum(len(file.content) for file in files) > MAX_UPLOAD_BYTES:
            raise Refusal(f"Please give smaller pictures: together at most {MAX_UPLOAD_BYTES // 1024 // 1024} MB.")
        # The older models and many relays know one picture by this name only.
        name = "image" if len(self.images) == 1 else "image[]"
        named = [(name, image) for image in self.images] + ([("mask", self.mask)] if self.mask else [])
        texts = {key: _text(value) for key, value in fields.items()}
        return Form(fields={**texts, **given(input_fidelity=self.input_fidelity)}, files=named)


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One result: its bytes, or the address of it where the provider gives no bytes.

    The address is not opened here: it is a provider's word, so only what guards against private addresses may follow
    it; at OpenAI it is good for an hour.  `content_type` is by the bytes, None where they are nothing known.
    """

    content: bytes | None = field(default=None, repr=False)
    content_type: str | None = None
    url: str | None = field(default=None, repr=False)
    revised_prompt: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pictures:
    """All results of a request, at least one, and what the provider says of them."""

    pictures: tuple[Picture, ...]
    usage: Consumption | None = None
    size: str | None = None
    quality: str | None = None
    background: str | None = None
    output_format: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PartialPicture:
    """A picture on its way; `index` counts from 0."""

    index: int
    content: bytes = field(repr=False)
    content_type: str | None


class Images:
    """The image endpoints of one provider.  A picture is paid for: a request is sent once, and again only where no
    connection came about.

    Every method raises ProviderError: `MODERATED` where the provider does not draw that, `NOT_FOUND` or
    `NOT_IMPLEMENTED` where it draws nothing, `PROTOCOL` where what it sent is no picture.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    async def generate(self, request: ImageRequest) -> Pictures:
        """Pictures of the request's words."""
        return await self._fetch("/images/generations", request.body())

    async def edit(self, request: ImageRequest, sources: Sources) -> Pictures:
        """Pictures made from others.  Raises: ProviderError, and Refusal where those are too many or too large."""
        return await self._fetch("/images/edits", sources.form(request.body()))

    def stream(
        self, request: ImageRequest, sources: Sources | None = None, *, partial_images: int = 2
    ) -> AsyncGenerator[PartialPicture | Pictures, None]:
        """Up to `partial_images` (0 to 3) pictures on their way, then the result, once and last.

        A server that does not stream gives the result only.  Close the generator (`contextlib.aclosing`) to stop it
        and its connection.  Raises: as `generate` and `edit`.
        """
        body = {**request.body(), "stream": True, "partial_images": partial_images}
        if sources is None:
            return self._stream("/images/generations", body, request.count or 1)
        return self._stream("/images/edits", sources.form(body), request.count or 1)

    async def _fetch(self, path: str, body: Body) -> Pictures:
        answer = await self._endpoint.fetch("POST", path, body, max_bytes=MAX_ANSWER_BYTES, terms=PAID)
        return pictures_in(answer, secrets=self._endpoint.secrets)

    async def _stream(self, path: str, body: Body, count: int) -> AsyncGenerator[PartialPicture | Pictures, None]:
        done = list[Json]()
        async with self._endpoint.open("POST", path, body, terms=PAID) as response:
            events = objects(
                response,
                idle_seconds=max(self._endpoint.timeouts.idle_seconds, PAID.first_byte_seconds),
                max_bytes=MAX_ANSWER_BYTES,
                secrets=self._endpoint.secrets,
            )
            async with aclosing(events):
                async for kind, fields in events:
                    if not kind:
                        yield pictures_in(fields, secrets=self._endpoint.secrets)
                        return
                    if kind.endswith(".partial_image") and (partial := _partial(fields)):
                        yield partial
                    elif kind.endswith(".completed"):
                        done.append(fields)
                        if len(done) == count:
                            await response.read_to_end()
                            break
        if not done:
            raise ProviderError(ProviderFault.PROTOCOL, "the stream ended without a picture")
        yield pictures_in({**done[-1], "data": done}, secrets=self._endpoint.secrets)


def pictures_in(answer: Any, *, secrets: tuple[str, ...]) -> Pictures:
    """The pictures that an answer holds.  Raises: ProviderError."""
    entries = entries_in(answer, "data", secrets=secrets)
    pictures = tuple(picture for entry in entries if (picture := _picture(entry)))
    if not pictures:
        raise unusable(entries[0], "a result without a picture", secrets=secrets)
    return Pictures(
        pictures=pictures,
        usage=consumption_in(answer),
        size=word(answer.get("size")),
        quality=word(answer.get("quality")),
        background=word(answer.get("background")),
        output_format=word(answer.get("output_format")),
    )


def _picture(entry: Json) -> Picture | None:
    encoded, url, revised = word(entry.get("b64_json")), word(entry.get("url")), word(entry.get("revised_prompt"))
    if encoded is None and url is not None and url.startswith("data:"):
        encoded = url
    if encoded is not None:
        content = decoded(encoded)
        return Picture(content=content, content_type=content_type_of(content), revised_prompt=revised)
    if url is not None and url.startswith(("https://", "http://")):
        return Picture(url=url, revised_prompt=revised)
    return None


def _partial(fields: Json) -> PartialPicture | None:
    index, encoded = fields.get("partial_image_index"), word(fields.get("b64_json"))
    try:
        content = decoded(encoded or "")
    except ProviderError as error:  # the result is still to come, and is paid for
        log.info("a picture on its way is left out: %s", error.detail)
        return None
    place = index if isinstance(index, int) else 0
    return PartialPicture(index=place, content=content, content_type=content_type_of(content))


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
