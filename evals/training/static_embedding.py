"""Trains the shipped model: `python -m evals.training.static_embedding --data DIR --out FOLDER`.

A `StaticEmbedding` (one vector a token; a text is their mean) in sentence-transformers' format.
Token vectors start from word alignment (`starting_vectors`) and are then trained to find the
passage of a question among the others of the batch (InfoNCE: van den Oord, Li and Vinyals 2018),
both ways. The length of a token's vector is its weight, so frequent words learn to be short. About
a quarter of an hour on two idle cores. Sources and licences: `static_card.md`, which becomes the
model card.
"""

from __future__ import annotations

import argparse
import logging
import random
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Tokenizer
from torch.nn import functional

from evals.training.pairs import Corpus, Mixture, Sampler
from evals.training.renderings import Renderings, aligned
from evals.training.sources import Unit, read_units
from evals.training.starting_vectors import (
    Pull,
    inverse_frequency,
    starting_vectors,
    translation_graph,
)
from evals.training.tokenizer import UNKNOWN, train_tokenizer

LOG = logging.getLogger(__name__)
CARD = Path(__file__).with_name("static_card.md")
Floats = npt.NDArray[np.float32]
Ids = npt.NDArray[np.int32]

MIXTURE = Mixture(
    sources={
        "wordnet": 22, "mt_geneval": 15, "squad_questions": 12, "canada_acts": 12, "tico19": 10,
        "ntrex": 10, "mozilla": 6, "opensource_guide": 5, "headings": 5, "names": 5, "wagtail": 2,
        "tico19_terms": 1, "contributor_covenant": 0.5, "udhr": 0.5, "tatoeba": 10,
    },
    languages={"ar": 3, "en": 1.5, "fr": 1, "es": 1},
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything the result depends on beside the data. Sizes: tokens, dimensions, pairs a step."""

    vocabulary: int = 32_000
    dim: int = 384
    tokenizer_share: float = 4e6  # characters of each language the tokenizer is trained on
    alignment_limit: int = 2_500  # longest text pair aligned, as the product of its two lengths
    pull: Pull = field(default_factory=Pull)
    mixture: Mixture = field(default_factory=lambda: MIXTURE)
    steps: int = 1_000
    batch: int = 1_024
    learning_rate: float = 1e-3
    scale: float = 20.0  # cosines are multiplied by it before the softmax
    dropout: float = 0.1  # share of tokens left out of a text
    seed: int = 0


def train_model(units: Sequence[Unit], recipe: Recipe) -> tuple[Tokenizer, Floats]:
    """The tokenizer and its vectors, (tokens, dim) float32; the unknown token's is zero."""
    torch.manual_seed(recipe.seed)
    texts = balanced_texts(units, recipe.tokenizer_share, recipe.seed)
    tokenizer = train_tokenizer(texts, recipe.vocabulary)
    size = tokenizer.get_vocab_size()
    corpus = Corpus(units, tokenizer)
    links = aligned(corpus.bitext(recipe.alignment_limit))
    LOG.info("%d tokens, %d units, aligned", size, len(units))
    graph = translation_graph(links, size, recipe.pull.floor)
    rarity = inverse_frequency(corpus.prose(), size)
    vectors = starting_vectors(graph, rarity, recipe.dim, recipe.pull, recipe.seed)
    sampler = Sampler(corpus, Renderings(links, size), recipe.mixture, recipe.seed)
    vectors = optimise(vectors, sampler, recipe)
    vectors[tokenizer.token_to_id(UNKNOWN)] = 0
    return tokenizer, vectors


def balanced_texts(units: Sequence[Unit], share: float, seed: int) -> Iterator[str]:
    """Texts of each language in random order, repeated or cut to `share` characters a language."""
    texts: dict[str, dict[str, None]] = {}
    for unit in units:
        for language, text in (*unit.texts.items(), *unit.titles.items()):
            texts.setdefault(language, {})[text] = None
    for language in sorted(texts):
        shuffled = list(texts[language])
        random.Random(seed).shuffle(shuffled)
        left = share
        while left > 0:
            for text in shuffled:
                yield text
                left -= len(text)
                if left <= 0:
                    break


def optimise(start: Floats, sampler: Sampler, recipe: Recipe) -> Floats:
    """Vectors after `recipe.steps` of Adam; the rate rises over 50 steps and then falls to zero."""
    weights = torch.nn.Parameter(torch.from_numpy(start.copy()))
    optimiser = torch.optim.Adam([weights], lr=recipe.learning_rate, betas=(0.9, 0.99), fused=True)
    generator = np.random.default_rng(recipe.seed)
    for step in range(recipe.steps):
        rate = min(1, (step + 1) / 50) * (1 - step / recipe.steps)
        optimiser.param_groups[0]["lr"] = recipe.learning_rate * rate
        questions, passages, documents = sampler.draw(recipe.batch)
        loss = contrast(
            _sums(questions, weights, recipe.dropout, generator),
            _sums(passages, weights, recipe.dropout, generator),
            torch.tensor(documents),
            recipe.scale,
        )
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if (step + 1) % 100 == 0:
            LOG.info("step %d of %d: loss %.3f", step + 1, recipe.steps, loss.item())
    result: Floats = weights.detach().numpy()
    return result


def contrast(
    questions: torch.Tensor, passages: torch.Tensor, documents: torch.Tensor, scale: float
) -> torch.Tensor:
    """Cross-entropy of finding row i of the one among all rows of the other, mean of both ways;
    other pairs from the same document (`documents`, (n,)) are no wrong answers and left out."""
    cosines = functional.normalize(questions) @ functional.normalize(passages).T
    same = documents[:, None] == documents[None, :]
    same.fill_diagonal_(False)
    logits = (scale * cosines).masked_fill(same, -1e4)
    right = torch.arange(len(documents))
    forward = functional.cross_entropy(logits, right)
    return (forward + functional.cross_entropy(logits.T, right)) / 2


def _sums(
    texts: Sequence[Ids], weights: torch.Tensor, dropout: float, generator: np.random.Generator
) -> torch.Tensor:
    """(n, dim) sums of token vectors, some tokens left out; the first of a text nearly always
    (a thousandth) so that none is empty."""
    ids = np.concatenate(texts).astype(np.int64)
    starts = np.cumsum([0, *(len(text) for text in texts[:-1])])
    kept = (generator.random(len(ids)) >= dropout).astype(np.float32)
    kept[starts] = np.maximum(kept[starts], 1e-3)
    return functional.embedding_bag(
        torch.from_numpy(ids),
        weights,
        torch.from_numpy(starts),
        mode="sum",
        per_sample_weights=torch.from_numpy(kept),
    )


def save_model(tokenizer: Tokenizer, vectors: Floats, folder: Path) -> None:
    """Write a sentence-transformers folder with float16 weights and the model card, replacing
    `folder` by a rename once all is written."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize, StaticEmbedding

    scratch = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(scratch, ignore_errors=True)
    embedding = StaticEmbedding(tokenizer, embedding_weights=vectors.astype(np.float16))
    model = SentenceTransformer(modules=[embedding, Normalize()], device="cpu")
    model.save(str(scratch), create_model_card=False)
    shutil.copyfile(CARD, scratch / "README.md")
    (scratch / "model.safetensors").chmod(0o644)
    previous = folder.with_name(f".{folder.name}.old")
    shutil.rmtree(previous, ignore_errors=True)
    if folder.exists():
        folder.rename(previous)
    scratch.rename(folder)
    shutil.rmtree(previous, ignore_errors=True)


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="folder with train/ and scale/")
    parser.add_argument("--out", type=Path, default=Path("rag/models/sanad-static"))
    parser.add_argument("--steps", type=int, default=Recipe().steps)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--with-tatoeba", action="store_true", help="to measure its loss only")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    units = read_units(arguments.data, with_tatoeba=arguments.with_tatoeba)
    recipe = replace(Recipe(), steps=arguments.steps)
    tokenizer, vectors = train_model(units, recipe)
    save_model(tokenizer, vectors, arguments.out)
    LOG.info("saved %s", arguments.out)


if __name__ == "__main__":
    main()
