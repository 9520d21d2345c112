"""What a page tells its visitors of their questions: whether they are kept, who else reads them."""

from __future__ import annotations

from urllib.parse import urlsplit

from rag.settings import Settings
from rag.wording import say

PROVIDERS = {"openai": "OpenAI", "anthropic": "Anthropic"}


def notice(settings: Settings, language: str, model_on: bool = True) -> tuple[str, ...]:
    """Sentences in the reader's language. `model_on` is the switch of the model."""
    if settings.log_questions:
        told = [say(language, "limits.logged", n=settings.log_questions_days)]
    else:
        told = [say(language, "limits.not_logged")]
    if settings.llm and model_on:
        told.append(say(language, "limits.sent_to", provider=provider(settings)))
    return tuple(told)


def provider(settings: Settings) -> str:
    """Who gets the questions: the host of the setting, else the provider by name."""
    host = urlsplit(settings.llm_base_url).hostname
    named = settings.llm.partition(":")[0]
    return host or PROVIDERS.get(named, named)
