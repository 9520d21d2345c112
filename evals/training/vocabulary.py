"""Which pieces of the source's vocabulary are kept, and the tokenizer that knows only those.

A piece is kept when it occurs in our texts, when it is special, when it is one character of a
script that our languages are written in (so that nothing of theirs becomes unknown), or when it
is among the likelier pieces written in those scripts alone. Rows keep their order.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

SPECIAL = 4  # <s>, <pad>, </s>, <unk>
SCRIPTS = ("LATIN", "ARABIC", "CYRILLIC", "GREEK")
LIKELY = -13.5  # log probability above which a piece of our scripts is kept without having occurred
_TEXTS = {".txt", ".md", ".json", ".jsonl", ".po", ".tsv", ".csv", ".yaml", ".yml", ".html"}
_MARKUP = re.compile(r"<[^>]{1,200}>|https?://\S+")


def texts_of(folders: Iterable[Path], most: int) -> Iterator[str]:
    """Lines of the text files under some folders, up to `most` characters of each file."""
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.suffix in _TEXTS:
                text = path.read_text("utf-8", "ignore")[:most]
                if path.suffix in (".json", ".jsonl"):
                    text = (
                        re.sub(r"\\u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), text)
                        .encode("utf-8", "ignore")
                        .decode()
                    )
                yield from _MARKUP.sub(" ", text).splitlines()


def counted(tokenizer: Any, lines: Iterable[str], batch: int = 4096) -> Counter[int]:
    """How often each piece occurs."""
    found: Counter[int] = Counter()
    waiting: list[str] = []
    for line in lines:
        waiting.append(line)
        if len(waiting) == batch:
            _count(tokenizer, waiting, found)
            waiting = []
    _count(tokenizer, waiting, found)
    return found


def _count(tokenizer: Any, lines: list[str], found: Counter[int]) -> None:
    for encoding in tokenizer.encode_batch_fast(lines, add_special_tokens=False):
        found.update(encoding.ids)


def kept_pieces(source: Path, counts: Counter[int]) -> list[int]:
    """Ids of the source's pieces that are kept, in order."""
    vocabulary = json.loads(source.read_text("utf-8"))["model"]["vocab"]
    return [
        number
        for number, (piece, score) in enumerate(vocabulary)
        if number < SPECIAL
        or counts[number]
        or (_ours(piece.strip("▁")) and (score > LIKELY or len(piece.strip("▁")) <= 1))
    ]


def _ours(piece: str) -> bool:
    """Whether a piece holds nothing but letters of our scripts, and signs."""
    for character in piece:
        if character.isalpha() or unicodedata.category(character).startswith("M"):
            name = unicodedata.name(character, "")
            if not name.startswith((*SCRIPTS, "COMBINING", "MODIFIER")):
                return False
    return True


def cut_tokenizer(source: Path, kept: list[int]) -> str:
    """tokenizer.json with the kept pieces alone, their ids being their places among them."""
    values = json.loads(source.read_text("utf-8"))
    vocabulary = values["model"]["vocab"]
    values["model"]["vocab"] = [vocabulary[number] for number in kept]
    values["model"]["unk_id"] = 3
    values["added_tokens"] = [token for token in values["added_tokens"] if token["id"] < SPECIAL]
    values["truncation"] = values["padding"] = None
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))
