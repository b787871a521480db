"""The endpoints of an OpenAI-compatible provider that are not answers, each as typed methods."""

from __future__ import annotations

from bot.providers.embeddings import Embeddings
from bot.providers.endpoint import Endpoint
from bot.providers.images import Images
from bot.providers.moderations import Moderations
from bot.providers.speech import Speech
from bot.providers.transcription import Transcription


class OpenAIClient:
    """One provider's endpoints beside its answers, whatever API its answers have."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.embeddings = Embeddings(endpoint)
        self.images = Images(endpoint)
        self.moderations = Moderations(endpoint)
        self.speech = Speech(endpoint)
        self.transcription = Transcription(endpoint)
