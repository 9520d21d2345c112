"""What is measured on: texts, questions, and a model of the peer's size.

Made anew in a scratch folder on every run, from the sample collection, with a fixed
seed.
"""

from __future__ import annotations

import json
import random
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from evals.cases import load_suite
from evals.judge import MEASURES
from rag.index.generation import open_current

SUITE = Path(__file__).parents[1] / "suites" / "client.yaml"
SEED = 20241221
MINILM = {  # the shape of all-MiniLM-L6-v2 (its config.json)
    "vocab_size": 30522,
    "hidden_size": 384,
    "num_hidden_layers": 6,
    "num_attention_heads": 12,
    "intermediate_size": 1536,
    "max_position_embeddings": 512,
}
MAX_TOKENS = 256  # all-MiniLM-L6-v2's own limit


def suite_questions() -> list[str]:
    """The questions of the client's suite, in four languages."""
    return [case.question for case in load_suite(SUITE, frozenset(MEASURES)).cases]


def write_collection_texts(data_dir: Path, folder: Path) -> None:
    """The stored text of an ingested collection as .txt files: the peer gets the same
    cleaned words and need not read PDF or HTML."""
    folder.mkdir(parents=True)
    generation = open_current(data_dir)
    try:
        for number, document in generation.store.placed_documents():
            pages = generation.store.passages(_rows(generation.document_rows.tolist(), number))
            text = "\n\n".join(passage.text for passage in pages)
            (folder / f"{number:03}.txt").write_text(f"{document.title}\n\n{text}\n", "utf-8")
    finally:
        generation.close()


def _rows(document_rows: Sequence[int], number: int) -> list[int]:
    return [row for row, document in enumerate(document_rows) if document == number]


def write_many_texts(source: Path, folder: Path, count: int) -> None:
    """`count` documents made of paragraphs of the source texts in another order, numbers
    and years changed, so that no two documents or paragraphs are the same."""
    folder.mkdir(parents=True)
    draw = random.Random(SEED)
    texts = [path.read_text("utf-8") for path in sorted(source.glob("*.txt"))]
    for number in range(count):
        paragraphs = texts[number % len(texts)].split("\n\n")
        body = paragraphs[1:]
        draw.shuffle(body)
        lines = [re.sub(r"\d+", lambda _: str(draw.randint(2, 4000)), part) for part in body]
        text = "\n\n".join([f"{paragraphs[0]} {number}", *lines])
        (folder / f"{number:05}.txt").write_text(text + "\n", "utf-8")


def write_tiny_model(source: Path, folder: Path) -> Path:
    """A sentence-transformers model of all-MiniLM-L6-v2's shape with random weights: its
    cost in time and memory, not its quality. Needs no network. The word pieces are
    learnt from the texts themselves, which gives the peer short inputs."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Normalize, Pooling, Transformer
    from tokenizers import BertWordPieceTokenizer
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    torch.manual_seed(SEED)
    bert = folder / "bert"
    bert.mkdir(parents=True)
    pieces = BertWordPieceTokenizer(lowercase=True)
    files = [str(path) for path in sorted(source.glob("*.txt"))]
    pieces.train(files, vocab_size=MINILM["vocab_size"], show_progress=False)
    pieces.save(str(bert / "pieces.json"))
    BertModel(BertConfig.from_dict(MINILM)).save_pretrained(bert)
    fast: Any = PreTrainedTokenizerFast
    fast(
        tokenizer_file=str(bert / "pieces.json"),
        model_max_length=MAX_TOKENS,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
    ).save_pretrained(bert)
    words = Transformer(str(bert), max_seq_length=MAX_TOKENS)
    modules = [words, Pooling(words.get_word_embedding_dimension(), "mean"), Normalize()]
    model = folder / "model"
    SentenceTransformer(modules=modules, device="cpu").save(str(model))
    return model


def write_questions(path: Path, questions: Sequence[str]) -> None:
    """One a line for the peer, and beside it the batch file of `sanad ask`."""
    path.write_text("\n".join(questions) + "\n", "utf-8")
    rows = [json.dumps({"id": str(n), "question": q}) for n, q in enumerate(questions)]
    path.with_suffix(".jsonl").write_text("\n".join(rows) + "\n", "utf-8")


MAKERS: dict[str, Callable[..., object]] = {
    "collection-texts": lambda data, out: write_collection_texts(Path(data), Path(out)),
    "many-texts": lambda texts, out, n: write_many_texts(Path(texts), Path(out), int(n)),
    "tiny-model": lambda texts, out: write_tiny_model(Path(texts), Path(out)),
    "questions": lambda out: write_questions(Path(out), suite_questions()),
}

if __name__ == "__main__":
    # A program, so that the measuring process imports no model library.
    MAKERS[sys.argv[1]](*sys.argv[2:])
