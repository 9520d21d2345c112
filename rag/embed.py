"""Text to unit vectors: the only door to embedding models.

`SanadEncoder` (`rag.encoder`) is the default, `StaticEmbedder` (`rag.static_model`) reads a
sentence-transformers `StaticEmbedding` folder; neither imports torch. `SentenceTransformerEmbedder`
runs any other model. Knows no passage and no index.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from rag.encoder.encoder import SanadEncoder, is_encoder
from rag.errors import ConfigurationError, EmbeddingError
from rag.loading import (
    arguments,
    choose_backend,
    choose_device,
    devices,
    folder_digest,
    in_half,
    load_model,
)
from rag.static_model import StaticEmbedder, Vectors, is_static, map_tensor, unit

__all__ = [
    "DEFAULT_MODEL",
    "KNOWN_PROMPTS",
    "MODELS",
    "STATIC_MODEL",
    "Embedder",
    "HashEmbedder",
    "SanadEncoder",
    "SentenceTransformerEmbedder",
    "StaticEmbedder",
    "Vectors",
    "checked",
    "is_static",
    "known_prompts",
    "load_embedder",
    "map_tensor",
    "shipped_encoder",
    "unit",
    "unrelated_cosine",
]

DEFAULT_MODEL = "sanad-encoder"
STATIC_MODEL = "sanad-static"  # for very large collections and small machines
MODELS = Path(__file__).parent / "models"

# Prompts (question, passage) of models whose repositories may not carry them; used only where a
# model has none of its own. The first name that begins the model's last part counts. Sources: the
# models' cards. Models that take no prompt (bge-m3, granite, paraphrase-multilingual) are not here.
KNOWN_PROMPTS = {
    # "Each query must come with a one-sentence instruction", passages without.
    "multilingual-e5-large-instruct": (
        "Instruct: Given a web search query, retrieve relevant passages that answer the query\n"
        "Query: ",
        "",
    ),
    # "Each input text should start with 'query: ' or 'passage: ', even for non-English texts".
    "multilingual-e5-": ("query: ", "passage: "),
    "e5-small": ("query: ", "passage: "),
    "e5-base": ("query: ", "passage: "),
    "e5-large": ("query: ", "passage: "),
    # "Prompt instructions": retrieval of documents, a document without a title.
    "embeddinggemma-300m": ("task: search result | query: ", "title: none | text: "),
    # "query instruction for retrieval"; passages without.
    "bge-small-en": ("Represent this sentence for searching relevant passages: ", ""),
    "bge-base-en": ("Represent this sentence for searching relevant passages: ", ""),
    "bge-large-en": ("Represent this sentence for searching relevant passages: ", ""),
}


class Embedder(Protocol):
    """Maps texts to unit vectors. `id` changes when the vectors would."""

    @property
    def id(self) -> str: ...

    @property
    def dim(self) -> int: ...

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """(n, dim) float32, rows of length 1 (all zeros for a text with no known token)."""
        ...

    def encode_questions(self, texts: Sequence[str]) -> Vectors:
        """(n, dim) float32, rows of length 1 (all zeros for a text with no known token)."""
        ...


def load_embedder(
    model: str = DEFAULT_MODEL,
    revision: str = "",
    batch_size: int = 32,
    device: str = "auto",
    backend: str = "auto",
) -> Embedder:
    """The embedder of a setting: a shipped model, a folder, or a sentence-transformers name.

    Raises ConfigurationError when it cannot be loaded; nothing is downloaded
    for a shipped model or a folder.
    """
    shipped = MODELS / model
    folder = shipped if shipped.is_dir() else Path(model)
    if model in (DEFAULT_MODEL, STATIC_MODEL) and not folder.is_dir():
        raise ConfigurationError(f"the shipped model {model!r} is missing; reinstall Sanad")
    if is_encoder(folder):
        return shipped_encoder(folder)
    if is_static(folder):
        return StaticEmbedder(folder)
    return SentenceTransformerEmbedder(model, revision, batch_size, device, backend)


@lru_cache(maxsize=2)
def shipped_encoder(folder: Path) -> SanadEncoder:
    """An encoder of a folder, loaded once a process: heads and reader use it too."""
    return SanadEncoder(folder)


def known_prompts(model: str) -> Mapping[str, str]:
    """Prompts of a known model by its name or folder, as sentence-transformers names them; empty
    for one that is not known or takes none."""
    name = Path(model).name.lower()
    for known, (question, passage) in KNOWN_PROMPTS.items():
        if name.startswith(known):
            return {"query": question, "document": passage}
    return {}


class SentenceTransformerEmbedder:
    """Any sentence-transformers model, with its own pooling, normalisation and prompts.

    Its vectors are the same on every device and backend but for rounding, so `id` names none.
    """

    def __init__(
        self,
        model: str,
        revision: str = "",
        batch_size: int = 32,
        device: str = "auto",
        backend: str = "auto",
    ) -> None:
        backend = choose_backend(backend)
        self.device = choose_device(device, devices())
        given = arguments(self.device, backend, revision)
        self._model = _opened(model, given)
        if in_half(self._model, self.device, backend):
            self._model.half()
            if not _finite(self._model):  # its numbers do not fit: loaded anew in full
                self._model = _opened(model, given)
        self._batch_size = batch_size
        self._lock = threading.Lock()  # a tokenizer of transformers serves one thread at a time
        self.dim = int(self._model.get_embedding_dimension() or 0)
        folder = Path(model)
        self.id = (
            f"{folder.name}@{folder_digest(folder)}"
            if folder.is_dir()
            else f"{model}@{revision or 'default'}"
        )
        own = self._model.prompts
        if not any(own.values()):
            own.update(known_prompts(model))
            if passage := own.get("document"):
                self.id += f"+{hashlib.sha256(passage.encode()).hexdigest()[:6]}"
        if not own.get("document"):  # the library has an empty one, and so misses these names
            own["document"] = own.get("passage") or own.get("corpus") or ""

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """(n, dim) float32 unit rows, with the model's document prompt."""
        return self._encode(self._model.encode_document, texts)

    def encode_questions(self, texts: Sequence[str]) -> Vectors:
        """(n, dim) float32 unit rows, with the model's query prompt."""
        return self._encode(self._model.encode_query, texts)

    def _encode(self, encode: Any, texts: Sequence[str]) -> Vectors:
        size = self._batch_size
        while True:
            try:
                with self._lock:
                    vectors = encode(list(texts), batch_size=size, show_progress_bar=False)
                return checked(np.asarray(vectors, np.float32), len(texts), self.dim)
            except (MemoryError, RuntimeError) as error:
                if size == 1 or "memory" not in str(error).lower():
                    raise
                size //= 2  # out of memory: the same texts in smaller batches


def _opened(model: str, given: Mapping[str, Any]) -> Any:
    from sentence_transformers import SentenceTransformer

    return load_model(
        lambda local: SentenceTransformer(model, local_files_only=local, **given),
        "embedding model",
        model,
        str(given["revision"] or ""),
        f"set SANAD_EMBEDDING_MODEL to a folder, a model on this machine, or {DEFAULT_MODEL!r}",
    )


def _finite(model: Any) -> bool:
    """Whether a model gives numbers for a few texts of different length."""
    texts = [" ".join(_UNRELATED[:n]) for n in (1, 5, 10)]
    return bool(np.isfinite(np.asarray(model.encode(texts, show_progress_bar=False))).all())


class HashEmbedder:
    """A fake that can be checked by eye: each word adds 1 to one of `dim` places.

    Ships beside the port so that tests need no model.
    """

    def __init__(self, dim: int = 64) -> None:
        self.dim = dim
        self.id = f"hash-{dim}"

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """(n, dim) float32 unit rows."""
        counts = np.zeros((len(texts), self.dim), np.float32)
        for row, text in enumerate(texts):
            for word in text.lower().split():
                counts[row, int(hashlib.sha256(word.encode()).hexdigest(), 16) % self.dim] += 1
        return unit(counts)

    def encode_questions(self, texts: Sequence[str]) -> Vectors:
        """The same as `encode_passages`."""
        return self.encode_passages(texts)


# Ten statements that have nothing to do with one another.
_UNRELATED = (
    "The recipe asks for two eggs and a cup of flour.",
    "The goalkeeper saved a penalty in the last minute.",
    "A volcano on the island erupted again at night.",
    "Le train de nuit part du quai numéro quatre.",
    "Cette espèce de papillon vit dans les marais.",
    "El pintor mezcló el azul con un poco de blanco.",
    "La factura de la electricidad llegó con retraso.",
    "يعزف الموسيقي على العود كل مساء.",
    "تحتاج النباتات إلى ضوء الشمس والماء.",
    "The printer is out of toner.",
)


def unrelated_cosine(embedder: Embedder) -> float:
    """The cosine, 0..0.95, from which on a model's cosines begin to mean something: what questions
    and passages that have nothing to do with each other reach, two deviations below the mean.

    Models differ: near 0 for static embeddings, 0.7 for some contrastive ones. The mean itself
    would cut off what belongs together across languages (measured in docs/retrieval.md).
    """
    asked, said = (f(_UNRELATED) for f in (embedder.encode_questions, embedder.encode_passages))
    cosines = (asked @ said.T)[~np.eye(len(said), dtype=bool)]
    return round(min(0.95, max(0.0, float(cosines.mean() - 2 * cosines.std()))), 4)


def checked(vectors: Vectors, rows: int, dim: int) -> Vectors:
    """Return unit rows, or raise EmbeddingError when shape or numbers are wrong."""
    if vectors.shape != (rows, dim):
        raise EmbeddingError(
            f"the embedding model returned shape {vectors.shape} for {rows} texts of {dim} "
            "dimensions; nothing was stored"
        )
    if not np.isfinite(vectors).all():
        bad = int((~np.isfinite(vectors).all(axis=1)).sum())
        raise EmbeddingError(
            f"the embedding model returned {bad} vectors that are not finite; nothing was stored"
        )
    return unit(vectors)
