"""Opening the assistant from settings: the composition root of every face."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from rag.assistant import AskSettings, Assistant
from rag.embed import (
    DEFAULT_MODEL,
    STATIC_MODEL,
    Embedder,
    StaticEmbedder,
    load_embedder,
)
from rag.errors import ConfigurationError, ModelMissingError
from rag.evidence.compose import ComposeSettings
from rag.evidence.retrieve import LEXICAL, STATIC_LEXICAL, RetrievalSettings
from rag.evidence.search import GatherSettings
from rag.index.generation import Generation, open_current
from rag.question.glossary import FILE, GlossaryFile
from rag.question.query import Translates, shipped_translator
from rag.settings import Settings

if TYPE_CHECKING:
    from rag.check.judge import Judge
    from rag.generate import Writer

JUDGE_SECONDS = 6.0  # for one opinion; without it the coded check stands


def open_assistant(settings: Settings, *, chroma: bool, words_suffice: bool = False) -> Assistant:
    """Open the active generation. Raises CollectionError when there is none.

    Where the index's own model does not load, ModelMissingError; with `words_suffice` the
    search is by words alone instead, and the generation's notes say so.
    """
    generation = open_generation(settings, chroma=chroma)
    try:
        embedder = embedder_of(settings, generation)
    except ModelMissingError as error:
        model = settings.embedding_model
        if not words_suffice or not _built_with(model, generation.manifest.model):
            raise
        embedder = _by_words_alone(generation, error)
    return assemble(settings, generation, embedder, shipped_translator(), writer_of(settings))


def embedder_of(settings: Settings, generation: Generation) -> Embedder:
    """The embedder of the settings; where those name none, and the index was made with the model
    that was the default before, that one: it goes on serving until the next ingestion."""
    made_with = generation.manifest.model.partition("@")[0]
    if settings.embedding_model != DEFAULT_MODEL or made_with != STATIC_MODEL:
        return load_embedder(*settings.embedding())
    generation.notes.append(
        f"the index was made with {STATIC_MODEL}; the next ingestion embeds its "
        f"{generation.manifest.passages} passages anew with {DEFAULT_MODEL} "
        f"(SANAD_EMBEDDING_MODEL={STATIC_MODEL} keeps it)"
    )
    return load_embedder(STATIC_MODEL)


def open_generation(settings: Settings, *, chroma: bool) -> Generation:
    """The active generation; with `chroma`, searched through the Chroma server of the settings
    where there is one, else through its own collection."""
    generation = open_current(settings.data_dir)
    server = settings.server()
    if chroma and server is not None:
        generation.attach_server(server)
    elif chroma:
        generation.attach_chroma()
    return generation


def _built_with(model: str, embedder_id: str) -> bool:
    """Whether an index says that it was built with the model of a setting, in whatever version:
    another name is a slip, or an index to be embedded anew."""
    return embedder_id.partition("@")[0] in (model, Path(model).name)


def _by_words_alone(generation: Generation, error: ModelMissingError) -> Embedder:
    """Leaves the vectors of a generation aside. Returns the shipped model, which heads and reader
    stand on anyway."""
    embedder = load_embedder()
    generation.dense = None
    generation.notes.append(f"search is by words alone, until a new index or a new start: {error}")
    return embedder


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
            retrieval=retrieval_settings(settings, embedder),
            compose=ComposeSettings(sentences=settings.answer_sentences),
        ),
    )
    glossary = glossary_file(settings, generation)
    author = None
    if writer is not None:
        from rag.check.checker import Checker
        from rag.writing.written import Author, WrittenSettings

        judge = judge_of(settings.judge, writer)
        checker = Checker(generation, translator, glossary, judge)
        seconds = WrittenSettings(total_seconds=settings.llm_total_seconds)
        author = Author(writer, checker, generation, seconds)
    return Assistant(generation, embedder, limits, translator, glossary, author)


def retrieval_settings(settings: Settings, embedder: Embedder) -> RetrievalSettings:
    """How passages are ranked. Raises ConfigurationError for a reranker that does not load."""
    reranker = None
    if settings.reranker:
        from rag.rerank import load_reranker

        reranker = load_reranker(settings.reranker, settings.embedding_batch_size, settings.device)
    weight = settings.lexical_weight
    if weight is None:
        weight = STATIC_LEXICAL if isinstance(embedder, StaticEmbedder) else LEXICAL
    return RetrievalSettings(
        lexical_weight=weight,
        reranker=reranker,
        rerank_depth=settings.rerank_depth,
    )


def writer_of(settings: Settings) -> Writer | None:
    """The language model of the settings; None where there is none.

    Raises ConfigurationError when it is not one that can be loaded.
    """
    chosen = settings.writer()
    if chosen is None:
        return None
    from rag.generate import load_writer
    from ui.public.budget import Budget, ThriftyWriter
    from ui.public.switches import Switches

    if settings.budget_cost_day and not (chosen.price_input or chosen.price_output):
        raise ConfigurationError(
            f"SANAD_BUDGET_COST_DAY is {settings.budget_cost_day:g}, but no price is known; set "
            "SANAD_LLM_PRICE_INPUT and SANAD_LLM_PRICE_OUTPUT, or use SANAD_BUDGET_TOKENS_DAY"
        )
    limits = (settings.budget_tokens_day, settings.budget_cost_day)
    budget = Budget(settings.data_dir, *limits) if any(limits) else None
    switches = Switches(settings.data_dir)
    return ThriftyWriter(load_writer(chosen), chosen, budget, lambda: switches.on("model"))


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
    """The glossary of the settings, else the one that lies beside the ingested documents, else
    the one that a restored backup brought along."""
    beside = Path(generation.manifest.glossary) if generation.manifest.glossary else None
    restored = settings.data_dir / FILE
    if not (beside and beside.exists()) and restored.is_file():
        beside = restored
    return GlossaryFile(settings.glossary or beside)
