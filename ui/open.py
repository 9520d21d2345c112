"""Opening the assistant from settings: the composition root of every face."""

from __future__ import annotations

from pathlib import Path

from rag.assistant import AskSettings, Assistant
from rag.compose import ComposeSettings
from rag.embed import load_embedder
from rag.generation import Generation, open_current
from rag.glossary import GlossaryFile
from rag.query import shipped_translator
from rag.settings import Settings


def open_assistant(settings: Settings, *, chroma: bool) -> Assistant:
    """Open the active generation. Raises CollectionError when there is none."""
    generation = open_current(settings.data_dir)
    if chroma:
        generation.attach_chroma()
    embedder = load_embedder(
        settings.embedding_model, settings.embedding_revision, settings.embedding_batch_size
    )
    limits = AskSettings(
        passages=settings.passages,
        question_characters=settings.question_characters,
        compose=ComposeSettings(sentences=settings.answer_sentences),
    )
    return Assistant(
        generation, embedder, limits, shipped_translator(), glossary_file(settings, generation)
    )


def glossary_file(settings: Settings, generation: Generation) -> GlossaryFile:
    """The glossary of the settings, else the one that lies beside the ingested documents."""
    beside = Path(generation.manifest.glossary) if generation.manifest.glossary else None
    return GlossaryFile(settings.glossary or beside)
