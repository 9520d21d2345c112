"""Make the shipped encoder from multilingual-e5-small.

    python -m evals.training.encoder --weights FILE --tokenizer FILE --texts FOLDER ...
        [--out rag/models/sanad-encoder]

`--weights` is `e5-small-q4.bin`, `--tokenizer` its `tokenizer.json` (`evals.training.e5_source`
says which packages carry them), `--texts` are folders of text in the languages that matter: pieces
that occur in them are kept. Writes

    body.onnx               12 layers, matrix products in 8 bits (`evals.training.graph`)
    words.codes.npy         (pieces, hidden / 2) uint8: two 4-bit weights a byte
    words.scales.npy        (pieces, hidden / 32) float16: a scale for every 32 of them
    tokenizer.json          the kept pieces
    encoder.json            what the door needs to know
    modules.json            so that sentence-transformers opens the folder too

Its model card, README.md, is written by hand beside them.
The vocabulary's rows and the tokenizer are the source's own, bit for bit.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from evals.training.e5_source import BLOCK, Floats, Source, read_source
from evals.training.graph import Body, encoder_model, tapped_model
from evals.training.vocabulary import counted, cut_tokenizer, kept_pieces, texts_of

OUT = Path("rag/models/sanad-encoder")
MOST = 3_000_000  # characters counted of one file
TOKENS = 384  # read of one text: a passage of 200 words in any of our languages
CALIBRATION = (
    "newstest2019-src.eng.txt", "newstest2019-ref.arb.txt", "newstest2019-ref.fra.txt",
    "newstest2019-ref.spa.txt",
)  # fmt: skip
EVERY = 40  # of their sentences, one is read to see how far activations reach


def body_of(source: Source) -> Body:
    """The source's body, all of it in 32 bits."""
    shape = source.shape
    floats = dict(source.floats)
    for name, values in source.quantised.items():
        if name != "emb.word":
            floats[name] = values.floats(-1)
    return Body(shape.hidden, shape.heads, shape.layers, shape.epsilon, floats)


def reach_of(body: Body, inputs: Iterable[Floats]) -> Mapping[str, Floats]:
    """The largest absolute value of every input channel of every layer, by its name, over some
    texts, each given as the vocabulary rows of its tokens (tokens, hidden)."""
    import onnxruntime

    model, names = tapped_model(body)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    found = {name: np.zeros(0, np.float32) for name in names}
    for rows in inputs:
        given = {"rows": rows[None], "mask": np.ones((1, len(rows)), np.int32)}
        for name, values in zip(names, session.run(None, given), strict=True):
            most = np.abs(values[0]).max(axis=0)
            found[name] = np.maximum(found[name], most) if found[name].size else most
    return found


def calibration_texts(folders: Sequence[Path]) -> list[str]:
    """Sentences in four languages, from NTREX-128."""
    paths = [path for folder in folders for name in CALIBRATION for path in folder.rglob(name)]
    return [
        f"passage: {line.strip()}"
        for path in paths
        for line in path.read_text("utf-8").splitlines()[::EVERY]
    ]


def write_words(source: Source, kept: Sequence[int], out: Path) -> Floats:
    """Write the rows of the kept pieces as they are; returns them in 32 bits."""
    words, hidden = source.quantised["emb.word"], source.shape.hidden
    codes = words.nibbles.reshape(source.shape.vocabulary, hidden)[kept]
    scales = words.scales.reshape(source.shape.vocabulary, hidden // BLOCK)[kept]
    np.save(out / "words.codes.npy", codes[:, 0::2] | (codes[:, 1::2] << 4))
    np.save(out / "words.scales.npy", scales)
    blocks = codes.reshape(len(kept), -1, BLOCK).astype(np.float32) - 8
    return np.asarray((blocks * scales[:, :, None].astype(np.float32)).reshape(len(kept), hidden))


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line entry."""
    import onnx
    from tokenizers import Tokenizer

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--texts", type=Path, nargs="+", required=True)
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    source = read_source(options.weights)
    whole = Tokenizer.from_file(str(options.tokenizer))
    kept = kept_pieces(options.tokenizer, counted(whole, texts_of(options.texts, MOST)))
    (options.out / "tokenizer.json").write_text(cut_tokenizer(options.tokenizer, kept), "utf-8")
    words = write_words(source, kept, options.out)
    body = body_of(source)
    tokenizer = Tokenizer.from_file(str(options.out / "tokenizer.json"))
    texts = calibration_texts(options.texts)
    reach = reach_of(body, (words[tokenizer.encode(text).ids] for text in texts))
    onnx.save(encoder_model(body, 8, reach), options.out / "body.onnx")
    facts = {
        "made_by": "python -m evals.training.encoder",
        "hidden": body.hidden,
        "tokens": TOKENS,
        "question": "query: ",
        "passage": "passage: ",
        "pieces": len(kept),
    }
    (options.out / "encoder.json").write_text(json.dumps(facts, indent=1) + "\n", "utf-8")
    _write_modules(options.out)
    digests = {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in
               (options.weights, options.tokenizer)}  # fmt: skip
    sizes = {p.name: p.stat().st_size for p in sorted(options.out.iterdir())}
    made = {"sources": digests, "files": sizes, "pieces": len(kept)}
    sys.stdout.write(json.dumps(made, indent=1) + "\n")
    return 0


def _write_modules(out: Path) -> None:
    module = {"idx": 0, "name": "0", "path": "", "type": "rag.encoder.module.SanadModule"}
    (out / "modules.json").write_text(json.dumps([module], indent=1) + "\n", "utf-8")
    prompts = {"query": "query: ", "document": "passage: "}
    settings = {"prompts": prompts, "default_prompt_name": None, "similarity_fn_name": "cosine"}
    (out / "config_sentence_transformers.json").write_text(
        json.dumps(settings, indent=1) + "\n", "utf-8"
    )


if __name__ == "__main__":
    sys.exit(main())
