"""Uploads and avatars, kept in memory under addresses of this server."""

from __future__ import annotations

import base64
import hashlib
import struct
from typing import Any
from urllib.parse import quote

from simcord.backend.cdn import CdnStore

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def picture_size(data: bytes) -> dict[str, int]:
    """Width and height of a PNG, which stand in its first chunk; nothing of any other file."""
    if not data.startswith(PNG_SIGNATURE) or len(data) < 24:
        return {}
    width, height = struct.unpack(">II", data[16:24])
    return {"width": width, "height": height}


class Cdn(CdnStore):
    """Uploads kept in memory under addresses of this server."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address
        self.blobs: dict[str, tuple[bytes, str]] = {}  # path -> content, content type
        self.faces: dict[str, str] = {}  # path of an avatar -> the address at which its picture is

    def face(self, owner_id: int, address: str) -> str:
        """The hash under which a picture that lies elsewhere is an avatar."""
        name = hashlib.blake2s(address.encode(), digest_size=16).hexdigest()
        self.faces[f"/cdn/avatars/{owner_id}/{name}.png"] = address
        return name

    def keep_face(self, owner_id: int, encoded: str, content_type: str) -> str:
        """Keep an avatar that was sent in base64; returns its hash."""
        name = hashlib.blake2s(encoded.encode(), digest_size=16).hexdigest()
        self.blobs[f"/cdn/avatars/{owner_id}/{name}.png"] = (base64.b64decode(encoded), content_type)
        return name

    def face_address(self, owner_id: int, name: str | None) -> str | None:
        """The address of an avatar by its hash."""
        return None if name is None else f"{self.address}/cdn/avatars/{owner_id}/{name}.png"

    def store_attachment(
        self, attachment_id: int, channel_id: int, filename: str, data: bytes, description: str | None
    ) -> dict[str, Any]:
        """Keep an upload and return the attachment object that points here."""
        attachment = super().store_attachment(attachment_id, channel_id, filename, b"", description)
        self._blobs.pop(attachment["url"])
        path = f"/cdn/attachments/{channel_id}/{attachment_id}/{quote(filename)}"
        self.blobs[path] = (data, attachment["content_type"])
        size = {"size": len(data), "url": self.address + path, "proxy_url": self.address + path}
        return attachment | size | picture_size(data)
