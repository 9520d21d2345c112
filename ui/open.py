"""Opening the assistant from settings: the composition root of every face."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from rag.assistant import AskSettings, Assistant
from rag.embed import Embedder, load_embedder
from rag.evidence.compose import ComposeSettings
from rag.evidence.gather import GatherSettings
from rag.index.generation import Generation, open_current
from rag.question.glossary import GlossaryFile
from rag.question.query import Translates, shipped_translator
from rag.settings import Settings

if TYPE_CHECKING:
    from rag.check.judge import Judge
    from rag.generate import Writer

JUDGE_SECONDS = 6.0  # for one opinion; without it the coded check stands


def open_assistant(settings: Settings, *, chroma: bool) -> Assistant:
    """Open the active generation. Raises CollectionError when there is none."""
    generation = open_current(settings.data_dir)
    if chroma:
        generation.attach_chroma()
    embedder = load_embedder(
        settings.embedding_model, settings.embedding_revision, settings.embedding_batch_size
    )
    return assemble(settings, generation, embedder, shipped_translator(), writer_of(settings))


def assemble(
    settings: Settings,
    generation: Generation,
    embedder: Embedder,
    translator: Translates,
    writer: Writer | None,
) -> Assistant:
    """An assistant over an open generation, with what does not change between generations."""
    limits = AskSettings(
        settings.question_characters,
        GatherSettings(
            passages=settings.passages,
            compose=ComposeSettings(sentences=settings.answer_sentences),
        ),
    )
    glossary = glossary_file(settings, generation)
    author = None
    if writer is not None:
        from rag.check.checker import Checker
        from rag.writing.written import Author, WrittenSettings

        judge = judge_of(settings.judge, writer)
        checker = Checker(generation, embedder, translator, glossary, judge)
        seconds = WrittenSettings(total_seconds=settings.llm_total_seconds)
        author = Author(writer, checker, generation, seconds)
    return Assistant(generation, embedder, limits, translator, glossary, author)


def writer_of(settings: Settings) -> Writer | None:
    """The language model of the settings; None where there is none.

    Raises ConfigurationError when it is not one that can be loaded.
    """
    chosen = settings.writer()
    if chosen is None:
        return None
    from rag.generate import load_writer

    return load_writer(chosen)


def judge_of(name: str, writer: Writer) -> Judge | None:
    """The second opinion of the settings: none, the model itself, or a cross-encoder."""
    if not name:
        return None
    from rag.check.judge import CrossEncoderJudge, ModelJudge
    from rag.generate import Prompt

    if name == "model":

        def asked(system: str, user: str) -> str:
            until = time.monotonic() + JUDGE_SECONDS
            prompt = Prompt(system, user)
            return "".join(writer.write(prompt, lambda: time.monotonic() > until))

        return ModelJudge(asked)
    return CrossEncoderJudge(name)


def glossary_file(settings: Settings, generation: Generation) -> GlossaryFile:
    """The glossary of the settings, else the one that lies beside the ingested documents."""
    beside = Path(generation.manifest.glossary) if generation.manifest.glossary else None
    return GlossaryFile(settings.glossary or beside)
