"""Text to the token ids of a tokenizer.json, word by word where that gives the same ids.

Most words of a text have come before, and their ids are kept; only new words pass through the
tokenizer, many at a time. That holds where no step of the tokenizer looks beyond a space, which
is read from the file: a step that is not known to be so sends whole texts through the
tokenizer. Every id comes from the tokenizer itself. Knows no vector.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

Ids = tuple[int, ...]

MARK = "\n"  # between new words, as a token of its own; no word holds one
JOINED = 64  # new words in one string: enough for both cores, few calls
ROOM = 600_000  # characters of kept words, each counting WORD more: 36,000 Arabic words in 9 MB
WORD = 10

# What normalizers do to a space and to what stands beside one: nothing. Unicode composes no
# character with a space (UAX #15), and lower case is taken character by character.
_NORMALIZERS = {"NFC", "NFD", "NFKC", "NFKD", "Lowercase", "StripAccents"}
# Each of these throws spaces away, so the first of a sequence may be any of them.
_SPLITTERS = {"WhitespaceSplit", "Whitespace", "BertPreTokenizer"}
_REFINERS = _SPLITTERS | {"Punctuation", "Digits"}

# A regular expression of which no part can match a space or a line end: no dot, anchor, negated
# class or escape but a letter, mark, number, punctuation or symbol class and a code point above
# U+0020. A range then begins above the space. At a space its look-around sees what it sees at
# the end of a text.
_WITHIN_A_WORD = re.compile(
    r"(?:[^\x00-\x20\\.^$]|\\p\{[LMNPS][a-z]?\}|\\u(?!00[01]|0020)[0-9a-fA-F]{4})+"
)
_OTHER_SYNTAX = re.compile(r"\[:|&&|\(\?(?!:|=|!|<=|<!)")  # [:space:], intersections, flags


class TokenIds:
    """The ids that the tokenizer of `file` gives texts, without special tokens.

    One object serves many threads. `room` bounds the words that are kept.
    """

    def __init__(self, file: Path, room: int = ROOM) -> None:
        from tokenizers import AddedToken, Tokenizer

        self._tokenizer = Tokenizer.from_file(str(file))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self.by_words = word_by_word(_described(self._tokenizer))
        if self.by_words:
            self._tokenizer.add_tokens([AddedToken(MARK, normalized=True)])
            self._mark = self._tokenizer.token_to_id(MARK)
        self._kept: dict[str, Ids] = {}
        self._room = self._all_room = room

    def of(self, texts: Sequence[str]) -> list[Ids]:
        """The ids of each text, in its order; empty for a text without a token."""
        if not self.by_words:
            return [tuple(encoding.ids) for encoding in self._encoded(list(texts))]
        if self._room < 0:
            self._kept, self._room = {}, self._all_room  # threads that hold the old one go on
        kept = self._kept
        words = [text.replace(MARK, " ").split(" ") for text in texts]
        if new := [word for word in set(chain.from_iterable(words)) if word not in kept]:
            kept.update(zip(new, self._of_words(new), strict=True))
            self._room -= sum(map(len, new)) + WORD * len(new)
        return [tuple(chain.from_iterable(map(kept.__getitem__, row))) for row in words]

    def _of_words(self, words: Sequence[str]) -> Iterator[Ids]:
        joined = [MARK.join(words[i : i + JOINED]) for i in range(0, len(words), JOINED)]
        for encoding in self._encoded(joined):
            ids: list[int] = []
            for token in encoding.ids:
                if token == self._mark:
                    yield tuple(ids)
                    ids = []
                else:
                    ids.append(token)
            yield tuple(ids)

    def _encoded(self, texts: list[str]) -> Any:
        return self._tokenizer.encode_batch_fast(texts, add_special_tokens=False)


def _described(tokenizer: Any) -> dict[str, Any]:
    """The parts of tokenizer.json that `word_by_word` reads, from the loaded tokenizer: parsing
    the file again, with its vocabulary, took 20 ms."""
    tokens = tokenizer.get_added_tokens_decoder().values()
    parts = {part: getattr(tokenizer, part) for part in ("normalizer", "pre_tokenizer")}
    return {
        **{
            name: json.loads(part.__getstate__())
            for name, part in parts.items()
            if part is not None
        },
        "added_tokens": [
            {"content": t.content, "lstrip": t.lstrip, "rstrip": t.rstrip} for t in tokens
        ],
    }


def word_by_word(tokenizer: Mapping[str, Any]) -> bool:
    """Whether the ids of any text are those of its words, split at spaces and line ends, in turn.

    `tokenizer` is a tokenizer.json. False for what is not known, so False costs only time.
    """
    first, *others = [step["type"] for step in _steps(tokenizer, "pre_tokenizer")] or [""]
    return (
        first in _SPLITTERS
        and all(kind in _REFINERS for kind in others)
        and all(_within_words(step) for step in _steps(tokenizer, "normalizer"))
        and not any(_reaches_out(token) for token in tokenizer.get("added_tokens") or ())
    )


def _steps(tokenizer: Mapping[str, Any], part: str) -> list[Mapping[str, Any]]:
    """The steps of a normalizer or pre-tokenizer, sequences within sequences laid out."""

    def laid_out(step: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        inner = step.get(f"{part}s") or step.get(part.replace("_", "") + "s")
        return [s for one in inner for s in laid_out(one)] if inner else [step]

    step = tokenizer.get(part)
    return laid_out(step) if step else []


def _within_words(step: Mapping[str, Any]) -> bool:
    if step["type"] != "Replace":
        return step["type"] in _NORMALIZERS
    pattern: Mapping[str, str] = step["pattern"]
    if "String" in pattern:
        return not re.search(r"\s", pattern["String"])
    regex = pattern.get("Regex", "")
    return bool(_WITHIN_A_WORD.fullmatch(regex)) and not _OTHER_SYNTAX.search(regex)


def _reaches_out(token: Mapping[str, Any]) -> bool:
    return bool(token["lstrip"] or token["rstrip"] or re.search(r"\s", token["content"]))
