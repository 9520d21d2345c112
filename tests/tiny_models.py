"""Models of our own making, two layers deep: the loading code is the same as for big ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

WORDS = (
    "[PAD] [UNK] [CLS] [SEP] [MASK] query passage task search result title none text : | "
    "kenya plans county action mayor youth council city how did its the a structure"
).split()
WIDTH = 32


def bert(folder: Path, **config: Any) -> dict[str, Any]:
    """Write a tokenizer into `folder`; the arguments of a BertConfig that fits it."""
    from transformers import BertTokenizerFast

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.txt").write_text("\n".join(WORDS))
    BertTokenizerFast(vocab=str(folder / "vocab.txt")).save_pretrained(folder)
    return {
        "vocab_size": len(WORDS), "hidden_size": WIDTH, "num_hidden_layers": 2,
        "num_attention_heads": 2, "intermediate_size": 64, **config,
    }  # fmt: skip


def encoder(
    folder: Path,
    prompts: dict[str, str] | None = None,
    pooling: str = "mean",
    *,
    normalised: bool = False,
    seed: int = 3,
) -> Path:
    """A sentence-transformers model with random weights, saved to `folder`."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
    from transformers import BertConfig, BertModel

    torch.manual_seed(seed)
    source = folder.parent / f"{folder.name}-bert"
    BertModel(BertConfig(**bert(source))).save_pretrained(source)
    modules: list[Any] = [Transformer(str(source)), Pooling(WIDTH, pooling_mode=pooling)]
    modules += [Normalize()] if normalised else []
    SentenceTransformer(modules=modules, prompts=prompts, device="cpu").save(str(folder))
    return folder


def cross_encoder(folder: Path, outputs: int = 1) -> Path:
    """A cross-encoder with random weights, saved to `folder`."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    torch.manual_seed(5)
    config = BertConfig(**bert(folder, num_labels=outputs))
    BertForSequenceClassification(config).save_pretrained(folder)
    return folder
