"""The endpoints of an OpenAI-compatible provider that are not answers, each as typed methods."""

from __future__ import annotations

from urllib.parse import quote

from bot.errors import ProviderError, ProviderFault
from bot.providers.adapter import ListedModel
from bot.providers.endpoint import Endpoint
from bot.providers.endpoints.embeddings import Embeddings
from bot.providers.endpoints.images import Images
from bot.providers.endpoints.moderations import Moderations
from bot.providers.endpoints.speech import Speech
from bot.providers.endpoints.transcription import Transcription
from bot.providers.models import model_in, models_in

# How providers say that they do not have an endpoint, or not for this model: what needs it is not to be offered.
NOT_OFFERED = frozenset({ProviderFault.NOT_FOUND, ProviderFault.NOT_IMPLEMENTED})


class OpenAIClient:
    """One provider's endpoints beside its answers, whatever API its answers have."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self.embeddings = Embeddings(endpoint)
        self.images = Images(endpoint)
        self.moderations = Moderations(endpoint)
        self.speech = Speech(endpoint)
        self.transcription = Transcription(endpoint)

    async def list_models(self) -> tuple[ListedModel, ...]:
        """The models that the key may use, answering ones and others.  Raises: ProviderError."""
        return models_in(await self._endpoint.fetch("GET", "/models"), secrets=self._endpoint.secrets)

    async def find_model(self, name: str) -> ListedModel | None:
        """One model, or None where the provider does not know it; relays that have no address for one have the list.

        Raises: ProviderError.
        """
        try:
            found = model_in(await self._endpoint.fetch("GET", f"/models/{quote(name)}"))
        except ProviderError as error:
            if error.fault not in NOT_OFFERED:
                raise
            found = None
        if found is not None and found.name == name:
            return found
        return next((model for model in await self.list_models() if model.name == name), None)
