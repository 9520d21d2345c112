"""Train the reader: which sentences of a window answer a question.

    python -m evals.training.reader --data FOLDER --weights FILE --work FOLDER [--steps N]
        [--begin FILE] [--out rag/models/sanad-reader]

A cross-encoder over question and window, begun from the encoder's body (`--weights` as for
`evals.training.encoder`) or from a reader that was written before (`--begin`, its `body.onnx`).
Its vocabulary rows, position rows and lower layers stay as they are: they hold what it knows
across languages, which training mostly in English would wear away. Three numbers a token: whether
its sentence answers (averaged over the sentence), and whether the answer begins or ends there.
Beside it learns what is asked, of questions by themselves, for the heads of
`evals.training.heads`.

Checkpoints stand in `--work`; started again, it goes on from the last. Beside its own window each
question has one that does not answer, mostly of those nearest to it by the encoder's vectors.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from evals.training.e5_source import Floats, read_source
from evals.training.encoder import OUT as ENCODER
from evals.training.encoder import body_of
from evals.training.graph import Body, read_body, reader_model
from evals.training.reader_data import asked
from evals.training.reader_rows import (
    QUESTION_TOKENS,
    Batches,
    Natures,
    Near,
    Pairs,
    Row,
    Told,
)
from evals.training.reports import SENTENCE_TOKENS, WINDOW_TOKENS

OUT = Path("rag/models/sanad-reader")
FROZEN = 6  # lower layers that stay
RATE, HEAD_RATE = 6e-5, 1e-3
WARM = 60  # steps until the full rate
PARTS = 4  # that the rows of a step pass in, by length
CHECKPOINT = 50  # steps
OUTPUTS = ("answers", "begins", "ends")
BESIDE = 0.8  # how much a sentence answers that stands beside the one to be shown first


def torch_body(body: Body) -> Any:
    """A transformers BertModel with the body's weights, its lower part frozen."""
    import torch
    from transformers import BertConfig, BertModel

    config = BertConfig(
        vocab_size=1, hidden_size=body.hidden, num_hidden_layers=body.layers,
        num_attention_heads=body.heads, intermediate_size=1536, max_position_embeddings=512,
        layer_norm_eps=body.epsilon, hidden_dropout_prob=0.1, attention_probs_dropout_prob=0.0,
    )  # fmt: skip
    model = BertModel(config, add_pooling_layer=False)
    given = {name: torch.tensor(values) for name, values in body.floats.items()}
    state = model.state_dict()
    for name, source in torch_names(body.layers).items():
        state[name] = given[source].reshape(state[name].shape)
    model.load_state_dict(state)
    frozen = [f"encoder.layer.{n}." for n in range(FROZEN)]
    for name, weight in model.named_parameters():
        weight.requires_grad = not name.startswith(("embeddings.", *frozen))
    for name, module in model.named_modules():
        if isinstance(module, torch.nn.Dropout) and name.startswith(("embeddings.", *frozen)):
            module.p = 0.0  # what does not learn needs none
    return model


def torch_names(layers: int) -> dict[str, str]:
    """Names of transformers' BERT -> names of the source."""
    names = {
        "embeddings.position_embeddings.weight": "emb.pos",
        "embeddings.token_type_embeddings.weight": "emb.type",
        "embeddings.LayerNorm.weight": "emb.ln.w",
        "embeddings.LayerNorm.bias": "emb.ln.b",
    }
    parts = {
        "attention.self.query": "q", "attention.self.key": "k", "attention.self.value": "v",
        "attention.output.dense": "ao", "attention.output.LayerNorm": "aln",
        "intermediate.dense": "fi", "output.dense": "fo", "output.LayerNorm": "oln",
    }  # fmt: skip
    for layer in range(layers):
        for long, short in parts.items():
            for kind in ("weight", "bias"):
                names[f"encoder.layer.{layer}.{long}.{kind}"] = f"l{layer}.{short}.{kind[0]}"
    return names


def padded(rows: Sequence[Row], words: Floats) -> tuple[Any, Any]:
    """(rows, tokens, hidden) vocabulary rows and (rows, tokens) mask, as tensors."""
    import torch

    longest = max(len(row.ids) for row in rows)
    values = np.zeros((len(rows), longest, words.shape[1]), np.float32)
    mask = np.zeros((len(rows), longest), np.int64)
    for at, row in enumerate(rows):
        values[at, : len(row.ids)] = words[row.ids]
        mask[at, : len(row.ids)] = 1
    return torch.from_numpy(values), torch.from_numpy(mask)


def losses(outputs: Any, rows: Sequence[Row]) -> dict[str, Any]:
    """The parts of the loss for (rows, tokens, 3) outputs: of each sentence by itself, of all
    sentences of one question against each other, and of the words that answer."""
    import torch
    from torch.nn import functional as F

    singles, truths, spans = [], [], []
    groups: dict[int, list[tuple[Any, float]]] = {}
    for at, row in enumerate(rows):
        beside = BESIDE if row.leads else 1.0
        for number, (a, b) in enumerate(row.sentences):
            logit = outputs[at, a:b, 0].mean()
            share = beside if number in row.answers else 0.0
            share = 1.0 if number in row.answers[:1] else share
            singles.append(logit)
            truths.append(share)
            groups.setdefault(row.group, []).append((logit, share))
        if row.span is not None:
            a, b = row.sentences[0][0], row.sentences[-1][1]
            for part, place in ((1, row.span[0]), (2, row.span[1])):
                scores = outputs[at, a:b, part].unsqueeze(0)
                spans.append(F.cross_entropy(scores, torch.tensor([place - a])))
    found = {
        "single": F.binary_cross_entropy_with_logits(torch.stack(singles), torch.tensor(truths))
    }
    listed = []
    for members in groups.values():
        right = [logit for logit, share in members if share == 1.0]
        if right:
            wrong = [logit for logit, share in members if share == 0.0]
            every = torch.logsumexp(torch.stack([*right, *wrong]), 0)
            listed.append(every - torch.logsumexp(torch.stack(right), 0))
    if listed:
        found["list"] = torch.stack(listed).mean()
    if spans:
        found["span"] = torch.stack(spans).mean()
    return found


WEIGHTS = {"single": 3.0, "list": 1.0, "span": 0.25, "nature": 0.5}


class Training:
    """The model, its optimiser and where it stands."""

    def __init__(self, body: Body, words: Floats, work: Path, steps: int, natures: Natures) -> None:
        import torch

        torch.manual_seed(0)
        self.body, self.words, self.work, self.steps = body, words, work, steps
        self.natures = natures
        self.model = torch_body(body)
        self.head = torch.nn.Linear(body.hidden, len(OUTPUTS))
        if "head.w" in body.floats:
            weight = body.floats["head.w"].reshape(len(OUTPUTS), body.hidden)
            self.head.weight.data = torch.from_numpy(weight.copy())
            self.head.bias.data = torch.from_numpy(body.floats["head.b"].copy())
        sizes = {head: len(labels) for head, labels in natures.labels.items()}
        self.asked = torch.nn.ModuleDict(
            {head: torch.nn.Linear(body.hidden, size) for head, size in sizes.items()}
        )
        upper = [p for p in self.model.parameters() if p.requires_grad]
        self.optimiser = torch.optim.AdamW(
            [
                {"params": upper, "lr": RATE},
                {"params": self.head.parameters(), "lr": HEAD_RATE},
                {"params": self.asked.parameters(), "lr": HEAD_RATE},
            ],
            weight_decay=0.01,
        )
        self.rates = torch.optim.lr_scheduler.LambdaLR(self.optimiser, self._share)
        self.step = 0
        self._restore()

    def _share(self, step: int) -> float:
        return min(1.0, (step + 1) / WARM) * max(0.02, 1 - step / self.steps)

    @property
    def _path(self) -> Path:
        return self.work / "checkpoint.pt"

    def _restore(self) -> None:
        import torch

        if self._path.is_file():
            state = torch.load(self._path, weights_only=True)
            self.model.load_state_dict(state["model"])
            self.head.load_state_dict(state["head"])
            self.asked.load_state_dict(state["asked"])
            self.optimiser.load_state_dict(state["optimiser"])
            self.rates.load_state_dict(state["rates"])
            self.step = int(state["step"])

    def save(self) -> None:
        """Write a checkpoint, whole or not at all."""
        import torch

        state = {
            "model": self.model.state_dict(), "head": self.head.state_dict(), "step": self.step,
            "asked": self.asked.state_dict(),
            "optimiser": self.optimiser.state_dict(), "rates": self.rates.state_dict(),
        }  # fmt: skip
        torch.save(state, self._path.with_suffix(".new"))
        self._path.with_suffix(".new").replace(self._path)

    def cast(self) -> Any:
        """16-bit products where the processor has them; elsewhere they would be slower."""
        import torch

        fast = torch.cpu._is_avx512_bf16_supported()
        return torch.autocast("cpu", dtype=torch.bfloat16, enabled=fast)

    def outputs(self, rows: Sequence[Row]) -> Any:
        """(rows, tokens, 3) float32."""

        values, mask = padded(rows, self.words)
        with self.cast():
            states = self.model(inputs_embeds=values, attention_mask=mask).last_hidden_state
        return self.head(states.float())

    def nature_loss(self, told: Sequence[Told]) -> Any:
        """How far the heads on the mean of the states are from the labels of questions."""
        import torch

        as_rows = [Row(one.ids, (), (), None, 0) for one in told]
        values, mask = padded(as_rows, self.words)
        with self.cast():
            states = self.model(inputs_embeds=values, attention_mask=mask).last_hidden_state
        there = mask.float()[:, :, None]
        means = (states.float() * there).sum(1) / there.sum(1)
        parts = []
        for name, head in self.asked.items():
            at = [i for i, one in enumerate(told) if name in one.labels]
            wanted = torch.tensor([told[i].labels[name] for i in at])
            parts.append(torch.nn.functional.cross_entropy(head(means[at]), wanted))
        return torch.stack(parts).mean()

    def learn(self, rows: Sequence[Row]) -> dict[str, float]:
        """One step; the parts of its loss. Rows of like length pass together."""
        import torch

        self.model.train()
        self.optimiser.zero_grad()
        ordered = sorted(rows, key=lambda row: len(row.ids))
        share = -(-len(ordered) // PARTS)
        outs = [self.outputs(ordered[at : at + share]) for at in range(0, len(ordered), share)]
        longest = max(out.shape[1] for out in outs)
        whole = torch.cat(
            [torch.nn.functional.pad(out, (0, 0, 0, longest - out.shape[1])) for out in outs]
        )
        parts = losses(whole, ordered)
        parts["nature"] = self.nature_loss(self.natures.draw(self.step))
        sum(WEIGHTS[name] * value for name, value in parts.items()).backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self.rates.step()
        self.step += 1
        return {name: float(value.detach()) for name, value in parts.items()}

    def trained(self) -> Body:
        """The body with what was learned, and the head as `head.w`, `head.b`."""
        floats = dict(self.body.floats)
        state = self.model.state_dict()
        for name, source in torch_names(self.body.layers).items():
            floats[source] = state[name].float().numpy().reshape(-1)
        floats["head.w"] = self.head.weight.detach().numpy().reshape(-1)
        floats["head.b"] = self.head.bias.detach().numpy()
        body = self.body
        return Body(body.hidden, body.heads, body.layers, body.epsilon, floats)


def read_words(folder: Path) -> Floats:
    """The shipped vocabulary rows in 32 bits, (pieces, hidden)."""
    from rag.encoder.vocabulary import Vocabulary

    table = Vocabulary(folder)
    return table.rows(np.arange(table.pieces))


def run(training: Training, batches: Batches, minutes: float) -> None:
    """Learn until the steps or the minutes are over."""
    began = time.monotonic()
    told: dict[str, list[float]] = {}
    while training.step < training.steps and time.monotonic() - began < 60 * minutes:
        for name, value in training.learn(batches.draw(training.step)).items():
            told.setdefault(name, []).append(value)
        if training.step % 20 == 0:
            means = {name: round(float(np.mean(values)), 3) for name, values in told.items()}
            line = f"{training.step} {means} {time.monotonic() - began:.0f} s\n"
            sys.stdout.write(line)
            sys.stdout.flush()
            told = {}
        if training.step % CHECKPOINT == 0:
            training.save()
    training.save()


def write(training: Training, pairs: Pairs, sample: Iterable[Row], out: Path) -> Mapping[str, int]:
    """The reader in 8 bits."""
    import onnx

    from evals.training.encoder import reach_of

    body = training.trained()
    given = [(training.words[row.ids], len(row.ids)) for row in sample]
    reach = reach_of(body, [values for values, _ in given])
    out.mkdir(parents=True, exist_ok=True)
    onnx.save(reader_model(body, 8, reach, len(OUTPUTS)), out / "body.onnx")
    onnx.save(reader_model(body, 32, None, len(OUTPUTS)), training.work / "reader32.onnx")
    facts = {
        "made_by": "python -m evals.training.reader", "hidden": body.hidden,
        "outputs": list(OUTPUTS), "vocabulary": "sanad-encoder", "question": "query: ",
        "question_tokens": QUESTION_TOKENS, "sentence_tokens": SENTENCE_TOKENS,
        "window_tokens": WINDOW_TOKENS,
    }  # fmt: skip
    (out / "reader.json").write_text(json.dumps(facts, indent=1) + "\n", "utf-8")
    return {path.name: path.stat().st_size for path in out.iterdir()}


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line entry."""
    import onnx

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True, help="checkpoints, not committed")
    parser.add_argument("--begin", type=Path, help="body.onnx of a reader to go on from")
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--minutes", type=float, default=600)
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--write", action="store_true", help="only write what was learned so far")
    options = parser.parse_args(arguments)
    options.work.mkdir(parents=True, exist_ok=True)
    pairs = Pairs(ENCODER)
    questions = asked(options.data)
    body = body_of(read_source(options.weights))
    if options.begin is not None:
        body = read_body(onnx.load(options.begin), body, len(OUTPUTS))
    batches = Batches(questions, pairs, Near(questions, options.work))
    training = Training(body, read_words(ENCODER), options.work, options.steps, Natures(pairs))
    if not options.write:
        run(training, batches, options.minutes)
    sample = [row for step in range(6) for row in batches.draw(10_000_000 + step)]
    sys.stdout.write(f"{write(training, pairs, sample, options.out)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
