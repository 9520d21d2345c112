"""Train the query adapters: what turns a question's vector towards the passages, and towards the
sentences, that answer it.

    python -m evals.training.adapter --data FOLDER [--work FOLDER] [--measure-only]
        [--out rag/models/sanad-encoder/query_adapters.npz]

The encoder puts a question near texts that look like it, and near those in its own language. A
linear map over its vector, learned from questions and what answers them, moves it towards what
answers; passages and the index stay as they are. Learned from the invented reports
(`evals.training.reports`), our questions over parallel passages and public ones
(`evals.training.reader_data`), each in one language or across; measured on what these keep out.

Loss: cross-entropy of what answers among everything learned from, over cosines at a temperature
(InfoNCE, van den Oord et al. 2018); for sentences half of it among those of the same report or
window alone. Added is the map's squared distance from the identity.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from evals.training.reader_data import Asked, kept_out, over_windows
from evals.training.reports import Placed, Span, beside, generation_of, placed, read_reports
from rag.embed import DEFAULT_MODEL, MODELS, shipped_encoder
from rag.encoder.encoder import ADAPTERS, TOWARDS
from rag.types import Passage
from rag.vectors import ExactIndex

OUT = MODELS / DEFAULT_MODEL / ADAPTERS
TEMPERATURE, KEPT_NEAR = 0.02, 0.01  # of the softmax; weight of the distance from the identity
RATE, STEPS, BATCH = 7e-4, 500, 384
PARTS = {"reports": 0.4, "parallel": 0.3, "public": 0.3}  # of a batch, for passages
PARTS_OF_SENTENCES = {"reports": 0.7, "parallel": 0.15, "public": 0.15}
SAME = 0.4  # of a part: questions whose passage is in their language
PUBLIC_EVERY, PARALLEL_EVERY = 8, 2  # of these questions one is taken: they are many
FIRST = (1, 5, 16)
# Cosines of a turned question that count as 0 and as 1: the median and the 99th percentile of
# random passages (.059, .191) and the median of those that answer then stand about where the raw
# cosines of .748, .827 and .83 stood over the floor of .715 (docs/retrieval.md).
COSINES = (0.004, 0.4)

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Example:
    """A question, the places in the pool that answer it, those that are neither right nor wrong,
    and those it is asked of: where it is kept out, and for sentences, the others beside it."""

    part: str
    question: str
    language: str
    answers: tuple[int, ...]
    passed: tuple[int, ...]
    same: bool  # whether what answers is in the question's language
    kept: bool
    among: Sequence[int]


@dataclass(frozen=True, slots=True)
class Pool:
    """Examples with the vectors of their questions, and those of everything they are asked of."""

    examples: Sequence[Example]
    questions: Floats
    vectors: Floats

    def learned(self) -> npt.NDArray[np.intp]:
        """Places that no example kept out stands on."""
        kept = {place for one in self.examples if one.kept for place in one.among}
        kept -= {place for one in self.examples if not one.kept for place in one.answers}
        return np.array([place for place in range(len(self.vectors)) if place not in kept])


def reports_passages() -> tuple[list[Example], Floats]:
    """The questions of all reports over their passages, and the passages' vectors."""
    found: list[Example] = []
    reports = read_reports()
    with generation_of(reports) as generation:
        passages = generation.store.passages(list(range(len(generation.document_rows))))
        of: dict[str, list[int]] = {}
        for number, passage in enumerate(passages):
            of.setdefault(passage.document_id, []).append(number)
        for one in placed(reports, generation):
            if one.lead is None:
                continue
            answers = _holding([one.lead], of[one.document], passages)
            further = _holding(one.further, of[one.document], passages)
            among = (
                [number for document in beside(one, generation)["document"]
                 for number in of[document]] if one.report.kept_out else []
            )  # fmt: skip
            if answers:
                found.append(_of_report(one, answers, further, among))
        assert isinstance(generation.dense, ExactIndex)
        vectors = np.array(generation.dense.matrix, np.float32)
    return found, vectors


def _holding(spans: Sequence[Span], places: Sequence[int], held: Sequence[Passage]) -> list[int]:
    return [
        place
        for place in places
        if any(held[place].start < end and start < held[place].end for start, end in spans)
    ]


def _of_report(
    one: Placed, answers: Sequence[int], further: Sequence[int], among: Sequence[int]
) -> Example:
    same = one.asked.language == one.report.language
    passed = tuple(place for place in further if place not in answers)
    return Example(
        "reports", one.asked.text, one.asked.language, tuple(answers), passed, same,
        one.report.kept_out, among,
    )  # fmt: skip


def reports_sentences() -> tuple[list[Example], list[str]]:
    """The questions of all reports over the numbered lines of their own report."""
    found: list[Example] = []
    texts: list[str] = []
    for report in read_reports():
        at = {number: len(texts) + n for n, number in enumerate(report.lines)}
        texts.extend(report.lines.values())
        for asked in report.asked:
            if asked.lead:
                found.append(Example(
                    "reports", asked.text, asked.language, (at[asked.lead],),
                    tuple(at[number] for number in asked.further if number != asked.lead),
                    asked.language == report.language, report.kept_out, tuple(at.values()),
                ))  # fmt: skip
    return found, texts


def windows(data: Path) -> list[Asked]:
    """Some of the questions over parallel passages and of the public ones."""
    return [
        one
        for number, one in enumerate(over_windows(data))
        if one.answers
        and not number % (PARALLEL_EVERY if one.source == "parallel" else PUBLIC_EVERY)
    ]


def _over(one: Asked) -> str:
    """The language of a window."""
    return one.over or ("ar" if one.source in ("tydi", "arcd") else "en")


def _part(one: Asked) -> str:
    return one.source if one.source in PARTS else "public"


def windows_passages(rows: Sequence[Asked], first: int) -> tuple[list[Example], list[str]]:
    """Questions over whole windows, whose places begin with `first`, and the windows' texts."""
    texts: dict[tuple[str, str, str], int] = {}
    homes: dict[str, dict[int, None]] = {}
    places = []
    for one in rows:
        text = ". ".join(filter(None, (one.window.title, " ".join(one.window.sentences))))
        place = first + texts.setdefault((one.window.home, _over(one), text), len(texts))
        homes.setdefault(one.window.home, {})[place] = None
        places.append(place)
    among = [first + number for number, (home, _, _) in enumerate(texts) if kept_out(home)]
    found = [
        Example(
            _part(one), one.question, one.language, (place,),
            tuple(other for other in homes[one.window.home] if other != place),
            one.language == _over(one), kept := kept_out(one.window.home), among if kept else (),
        )
        for one, place in zip(rows, places, strict=True)
    ]  # fmt: skip
    return found, [text for _, _, text in texts]


def windows_sentences(rows: Sequence[Asked], first: int) -> tuple[list[Example], list[str]]:
    """Questions over the sentences of their window, whose places begin with `first`."""
    begins: dict[tuple[str, ...], int] = {}
    texts: list[str] = []
    found = []
    for one in rows:
        sentences = one.window.sentences
        if sentences not in begins:
            begins[sentences] = first + len(texts)
            texts.extend(sentences)
        start = begins[sentences]
        found.append(Example(
            _part(one), one.question, one.language, (start + one.answers[0],),
            tuple(start + number for number in one.answers[1:]), one.language == _over(one),
            kept_out(one.window.home), range(start, start + len(sentences)),
        ))  # fmt: skip
    return found, texts


def pools(data: Path, work: Path) -> Iterator[tuple[str, Pool]]:
    """What both adapters are learned from; vectors are kept in `work`."""
    rows = windows(data)
    examples, vectors = reports_passages()
    more, texts = windows_passages(rows, len(vectors))
    asked, said = _embedded([*examples, *more], texts, work / "passages.npz")
    yield "passages", Pool([*examples, *more], asked, np.vstack([vectors, said]))
    examples, texts = reports_sentences()
    more, texts_too = windows_sentences(rows, len(texts))
    examples = [*examples, *more]
    yield "sentences", Pool(examples, *_embedded(examples, [*texts, *texts_too], work / "s.npz"))


def _embedded(
    examples: Sequence[Example], texts: Sequence[str], file: Path
) -> tuple[Floats, Floats]:
    """Vectors of the examples' questions as the encoder has them, and of texts."""
    encoder = shipped_encoder(MODELS / DEFAULT_MODEL)
    unlike = list(dict.fromkeys(one.question for one in examples))
    if file.is_file():
        with np.load(file) as held:
            asked, said = held["questions"], held["texts"]
    if not file.is_file() or (len(asked), len(said)) != (len(unlike), len(texts)):
        asked, said = encoder.raw_questions(unlike), encoder.encode_passages(texts)
        file.parent.mkdir(parents=True, exist_ok=True)
        np.savez(file, questions=asked, texts=said)
    at = {text: place for place, text in enumerate(unlike)}
    return asked[[at[one.question] for one in examples]], said


def trained(pool: Pool, parts: Mapping[str, float], beside_share: float) -> Floats:
    """(dim, dim): what is added to a question's vector, from the examples learned from;
    `beside_share` of the loss is among what a question is asked of alone."""
    import torch
    from torch.nn.functional import normalize

    torch.manual_seed(0)
    chance = np.random.default_rng(0)
    learned = pool.learned()
    place_of = {int(place): number for number, place in enumerate(learned)}
    said = torch.from_numpy(pool.vectors[learned])
    groups = [
        (int(BATCH * share * (SAME if same else 1 - SAME)), [
            number for number, one in enumerate(pool.examples)
            if not one.kept and one.part == part and one.same == same
        ])
        for part, share in parts.items() for same in (True, False)
    ]  # fmt: skip
    added = torch.nn.Parameter(torch.zeros(said.shape[1], said.shape[1]))
    steps = torch.optim.Adam([added], lr=RATE)
    for _ in range(STEPS):
        batch = [int(n) for count, numbers in groups for n in chance.choice(numbers, count)]
        right, passed, other = (
            torch.zeros(len(batch), len(said), dtype=torch.bool) for _ in range(3)
        )
        for row, one in enumerate(pool.examples[number] for number in batch):
            right[row, [place_of[place] for place in one.answers]] = True
            passed[row, [place_of[place] for place in one.passed if place in place_of]] = True
            if one.among:
                other[row] = True
                other[row, [place_of[place] for place in one.among]] = False
        asked = torch.from_numpy(pool.questions[batch])
        scores = normalize(asked + asked @ added.T, dim=1) @ said.T / TEMPERATURE
        scores = scores.masked_fill(passed & ~right, -1e4)
        loss = (1 - beside_share) * _missed(scores, right)
        if beside_share:
            loss = loss + beside_share * _missed(scores.masked_fill(other, -1e4), right)
        steps.zero_grad()
        (loss + KEPT_NEAR * (added**2).sum()).backward()
        steps.step()
    return np.asarray(added.detach().numpy(), np.float32)


def _missed(scores: Any, right: Any) -> Any:
    import torch

    every, best = torch.logsumexp(scores, 1), torch.logsumexp(scores.masked_fill(~right, -1e4), 1)
    return (every - best).mean()


def measured(pool: Pool, matrix: Floats) -> Iterator[str]:
    """Shares of kept-out questions with what answers among the first, and the median cosine with
    it, by part and language; the median and 99th percentile of cosines with what is by chance."""
    asked = pool.questions @ matrix.T
    asked /= np.linalg.norm(asked, axis=1, keepdims=True)
    found: dict[tuple[str, bool], list[tuple[int, float]]] = {}
    for number, one in enumerate(pool.examples):
        if one.kept:
            among = np.setdiff1d(one.among, one.passed)
            scores = pool.vectors[among] @ asked[number]
            best = float(scores[np.isin(among, one.answers)].max())
            rank = int((scores > best).sum())
            found.setdefault((one.part, one.same), []).append((rank, best))
    for (part, same), pairs in sorted(found.items()):
        ranks, cosines = np.array(pairs).T
        shares = ", ".join(f"{first}: {np.mean(ranks < first):.3f}" for first in FIRST)
        name = "one language" if same else "two languages"
        yield f"{part:9} {name:13} ({len(pairs)}) {shares}; cosine {np.median(cosines):.3f}"
    chance = np.random.default_rng(0)
    some = chance.choice(len(asked), 400), chance.choice(len(pool.vectors), 400)
    middle, high = np.percentile(asked[some[0]] @ pool.vectors[some[1]].T, (50, 99))
    yield f"by chance: cosine {middle:.3f}, 99th percentile {high:.3f}"


def main() -> int:
    """Command line entry."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with train/ and eval/")
    parser.add_argument("--work", type=Path, default=Path(".sanad/train"))
    parser.add_argument("--measure-only", action="store_true")
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    matrices: dict[str, npt.NDArray[np.float16]] = {}
    if options.measure_only:
        with np.load(options.out) as held:
            matrices |= {name: held[name] for name in TOWARDS}
    for name, pool in pools(options.data, options.work):
        same = np.eye(pool.vectors.shape[1], dtype=np.float32)
        if not options.measure_only:
            sentences = name == "sentences"
            parts = PARTS_OF_SENTENCES if sentences else PARTS
            matrices[name] = (same + trained(pool, parts, 0.5 * sentences)).astype(np.float16)
        for stage, matrix in (("before", same), ("turned", matrices[name].astype(np.float32))):
            for line in measured(pool, matrix):
                sys.stdout.write(f"{name} {stage}: {line}\n")
    if not options.measure_only:
        towards = {name: matrices[name] for name in TOWARDS}
        np.savez_compressed(options.out, allow_pickle=False, cosines=np.array(COSINES), **towards)
    return 0


if __name__ == "__main__":
    sys.exit(main())
