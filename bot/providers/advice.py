"""What a host has to change, read off a provider's refusal; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from bot.errors import NotAnApi, ProviderError, ProviderFault, WrongApi
from bot.providers.configuration import DEFAULT, ProviderConfiguration

# How keys begin, whose they are, and what belongs to their addresses.
KEYS: Mapping[str, tuple[str, str]] = {
    "sk-ant-": ("Anthropic", "anthropic.com"),
    "sk-or-": ("OpenRouter", "openrouter.ai"),
    "sk-proj-": ("OpenAI", "openai.com"),
    "AIza": ("Google", "googleapis.com"),
    "gsk_": ("Groq", "groq.com"),
    "xai-": ("xAI", "x.ai"),
    "hf_": ("Hugging Face", "huggingface.co"),
    "pplx-": ("Perplexity", "perplexity.ai"),
}
# What people copy with the address.
ENDPOINTS = ("/chat/completions", "/completions", "/responses", "/models", "/threads")
# How nginx, Apache and Go say that they want TLS, and how OpenSSL says that the other side speaks none.
WANTS_TLS = re.compile(r"plain http request|speaking plain http|http request to an https", re.IGNORECASE)
SPEAKS_NO_TLS = re.compile(r"wrong.version.number|record layer failure|unknown protocol", re.IGNORECASE)
# So does a server that wants TLS and is spoken to without; others do when they are overloaded.
HANGS_UP = re.compile(r"disconnected|reset|peer closed", re.IGNORECASE)
VERSION = re.compile(r"/v\d")

# The environment's names for the fields of its provider.
VARIABLES: Mapping[str, str] = {
    "base_url": "PROVIDER_BASE_URL",
    "api": "PROVIDER_API",
    "keys": "PROVIDER_API_KEY",
    "first_byte_timeout_seconds": "PROVIDER_FIRST_BYTE_TIMEOUT_SECONDS",
}


def setting(provider: ProviderConfiguration, field: str) -> str:
    """Where the host has written a field."""
    return VARIABLES[field] if provider.name == DEFAULT else f"{field} of [providers.{provider.name}]"


def advice(provider: ProviderConfiguration, error: ProviderError) -> str | None:
    """What to change, without a full stop; None where the refusal shows no mistake in the configuration."""
    address, path = setting(provider, "base_url"), urlsplit(provider.base_url).path
    is_plain = provider.base_url.startswith("http://")
    is_redirect = error.status is not None and 300 <= error.status < 400
    ending = next((ending for ending in ENDPOINTS if path.endswith(ending)), None)
    if ending is not None:
        return f"{address} must end before {ending}"
    if isinstance(error, WrongApi):
        return f"set {setting(provider, 'api')} to {error.api}: that is what the provider speaks"
    if is_plain and (is_redirect or WANTS_TLS.search(error.detail)):
        return f"{address} must begin with https://"
    if not is_plain and SPEAKS_NO_TLS.search(error.detail):
        return f"{address} must begin with http://, because the server there speaks no TLS"
    if is_plain and error.fault is ProviderFault.NETWORK and HANGS_UP.search(error.detail):
        return f"check {address}, whether it begins with https://, and that the server is up"
    if is_redirect:
        return f"{address} leads elsewhere: write the address there that it leads to"
    if error.fault is ProviderFault.AUTH:
        return _other_key(provider)
    if isinstance(error, NotAnApi):
        return f"check {address}: what answers there is a web page and no API"
    if error.fault is ProviderFault.NOT_FOUND and not VERSION.search(path) and "model" not in error.detail.casefold():
        return f"{address} probably needs /v1 at its end: nothing is there"
    return None


def _other_key(provider: ProviderConfiguration) -> str | None:
    host = urlsplit(provider.base_url).hostname or ""
    for key in provider.keys:
        for beginning, (owner, domain) in KEYS.items():
            if key.get_secret_value().startswith(beginning) and not host.endswith(domain):
                return f"{setting(provider, 'keys')} is a key of {owner}: put one of this provider there"
    return None
