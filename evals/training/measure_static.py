"""Development measures of a static model: `python -m evals.training.measure_static --data DIR`.

Every figure is nDCG@10 x 100 with one right passage a question (so 1 / log2(1 + rank), or 0 past
rank ten). Belebele, FLORES and ARCD are never trained on; the Canada figures use the half of the
acts that `sources.held_out_act` sets aside. XQuAD and MLQA are held out and not read here.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from evals.training.sources import canada_acts

Vectors = npt.NDArray[np.float32]
Encode = Callable[[list[str]], Vectors]
DEPTH = 10


@dataclass(frozen=True, slots=True)
class Task:
    """`gold[i]` is the position in `passages` of the answer to `questions[i]`."""

    name: str
    questions: list[str]
    passages: list[str]
    gold: list[int]


def static_encoder(folder: Path) -> Encode:
    """Reads `tokenizer.json` and `model.safetensors` as they lie; returns texts -> unit vectors
    (n, dim) float32, a text without a known token being the zero vector."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    weights = load_file(folder / "model.safetensors")["embedding.weight"].astype(np.float32)

    def encode(texts: list[str]) -> Vectors:
        encodings = tokenizer.encode_batch(texts, add_special_tokens=False)
        sums = np.stack([weights[encoding.ids].sum(axis=0) for encoding in encodings])
        return unit(sums)

    return encode


def unit(vectors: Vectors) -> Vectors:
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(norms, 1e-12), dtype=np.float32)


def ndcg(task: Task, encode: Encode) -> float:
    """Ties count against us: the right passage stands behind all that score the same."""
    questions, passages = encode(task.questions), encode(task.passages)
    scores = questions @ passages.T
    right = scores[np.arange(len(task.gold)), task.gold]
    ranks = (scores >= right[:, None]).sum(axis=1)
    return float(100 * np.where(ranks <= DEPTH, 1 / np.log2(1 + ranks), 0).mean())


def tasks(data: Path) -> Iterator[Task]:
    yield from _belebele(data / "eval/belebele/Data/Belebele_original")
    yield from _flores(data / "eval/flores200-devtest/datasets/facebook/flores/flores200_dataset")
    yield _arcd(data / "eval/arcd/data/arcd-test.json")
    yield from _canada(data)


def _belebele(folder: Path) -> Iterator[Task]:
    """900 questions, 488 passages. `q=en c=ar`: English questions over Arabic passages."""
    rows: dict[str, list[dict[str, str]]] = {}
    for language, name in (("en", "eng_Latn"), ("ar", "arb_Arab")):
        lines = (folder / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
        read = [json.loads(line) for line in lines]
        rows[language] = sorted(read, key=lambda row: (row["link"], row["question_number"]))
    places = {text: n for n, text in enumerate({r["flores_passage"]: 0 for r in rows["en"]})}
    gold = [places[row["flores_passage"]] for row in rows["en"]]
    for asked, kept in (("en", "ar"), ("ar", "en"), ("ar", "ar"), ("en", "en")):
        passages = [""] * len(places)
        for place, row in zip(gold, rows[kept], strict=True):
            passages[place] = row["flores_passage"]
        questions = [row["question"] for row in rows[asked]]
        yield Task(f"belebele q={asked} c={kept}", questions, passages, gold)


def _flores(folder: Path) -> Iterator[Task]:
    """1,012 sentences, each looked for among its translations."""
    names = {"en": "eng_Latn", "ar": "arb_Arab", "fr": "fra_Latn", "es": "spa_Latn"}
    lines = {
        language: (folder / f"devtest/{name}.devtest").read_text(encoding="utf-8").splitlines()
        for language, name in names.items()
    }
    for asked, kept in (("en", "es"), ("en", "fr"), ("en", "ar"), ("ar", "fr"), ("es", "ar")):
        yield Task(f"flores {asked}->{kept}", lines[asked], lines[kept], list(range(1012)))


def _arcd(path: Path) -> Task:
    """Arabic questions over the 234 paragraphs of ARCD test."""
    passages: dict[str, int] = {}
    questions, gold = list[str](), list[int]()
    for article in json.loads(path.read_text(encoding="utf-8"))["data"]:
        for paragraph in article["paragraphs"]:
            place = passages.setdefault(paragraph["context"], len(passages))
            for answered in paragraph["qas"]:
                questions.append(answered["question"])
                gold.append(place)
    return Task("arcd test ar", questions, list(passages), gold)


def _canada(data: Path) -> Iterator[Task]:
    """1,000 headings that occur once, over all sections of the held-out acts."""
    units = list(canada_acts(data, held_out=True))
    found: dict[str, list[int]] = {}
    for place, section in enumerate(units):
        found.setdefault(section.titles["en"], []).append(place)
    single = sorted(places[0] for places in found.values() if len(places) == 1)
    gold = random.Random(0).sample(single, 1000)
    for asked, kept in (("en", "fr"), ("fr", "en"), ("en", "en")):
        questions = [units[place].titles[asked] for place in gold]
        passages = [section.texts[kept] for section in units]
        yield Task(f"canada {asked}->{kept}", questions, passages, gold)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="folder with eval/ and scale/")
    parser.add_argument("--model", type=Path, default=Path("rag/models/sanad-static"))
    arguments = parser.parse_args()
    encode = static_encoder(arguments.model)
    for task in tasks(arguments.data):
        sizes = f"{len(task.questions):6}{len(task.passages):7}"
        sys.stdout.write(f"{task.name:24}{sizes}{ndcg(task, encode):8.1f}\n")


if __name__ == "__main__":
    main()
