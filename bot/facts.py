"""What Discord says about the bot itself: the parts of its answers that the doctor looks at."""

from __future__ import annotations

from pydantic import BaseModel


class User(BaseModel):
    """The bot's own account."""

    id: int
    username: str
    discriminator: str = "0"

    def __str__(self) -> str:
        """The name as people see it; accounts of bots still have a number after it."""
        return self.username if self.discriminator == "0" else f"{self.username}#{self.discriminator}"


class Application(BaseModel):
    """The application that the bot belongs to; `flags` holds its privileged intents."""

    id: int
    flags: int = 0


class Guild(BaseModel):
    """A server that the bot is in, and what it may do there before channels take something away."""

    id: int
    name: str
    permissions: int | None = None


class SessionStarts(BaseModel):
    """How often the bot may still identify at the gateway; Discord resets the token of one that goes on."""

    total: int
    remaining: int
    reset_after: int  # milliseconds
