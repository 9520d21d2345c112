"""The tokenizer of the shipped model: all text normalisation lives in its `tokenizer.json`.

WordPiece over words whose spelling is folded first, so that one written form of a word is one
token: compatibility forms, case, accents, Arabic vowel signs, tatweel and letter variants, both
kinds of Arabic-Indic digits. The Arabic article and its joined particles, and the commonest
endings, are cut off (after Light10: Larkey, Ballesteros and Connell 2007), and so are the commonest
endings of English, French and Spanish words. No token is added, cut or padded.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator

from tokenizers import Regex, Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import NFKC, NFKD, Lowercase, Normalizer, Replace, Sequence
from tokenizers.pre_tokenizers import Digits, Punctuation, WhitespaceSplit
from tokenizers.pre_tokenizers import Sequence as PreSequence
from tokenizers.trainers import WordPieceTrainer

UNKNOWN = "[UNK]"

_ARABIC_LETTER = "[\u0621-\u064a]"
# A zero-width mark is dropped, a hyphen or an apostrophe separates words ("l'eau" -> "l eau").
_FOLDS: tuple[tuple[str, str], ...] = (
    (r"[\p{Mn}\u0640\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff\u00ad]", ""),
    ("[\u0622\u0623\u0625\u0671]", "\u0627"),
    ("[\u0649\u06cc]", "\u064a"),
    ("\u0624", "\u0648"),
    ("\u0626", "\u064a"),
    ("\u0629", "\u0647"),
    ("\u06a9", "\u0643"),
)
_ARTICLE = "\u0648?(?:[\u0628\u0643\u0641]?\u0627\u0644|\u0644\u0644)"
_ENDING = "(?:\u0647\u0627|\u0627\u0646|\u0627\u062a|\u0648\u0646|\u064a[\u0646\u0647]?|\u0647)"
_STEMS: tuple[tuple[str, str], ...] = (
    (rf"(?<!\p{{L}}){_ARTICLE}(?={_ARABIC_LETTER}{{3}})", ""),
    (rf"(?<={_ARABIC_LETTER}{{3}}){_ENDING}(?!\p{{L}})", ""),
    (rf"(?<!\p{{L}})\u0648(?={_ARABIC_LETTER}{{4}})", ""),
    (r"(?<=[a-z]{3})(?:ing|ed|es|os|as|e|o|a|(?<![su])s)(?!\p{L})", ""),
)


def _digits() -> Iterator[Normalizer]:
    for value in range(10):
        yield Replace(Regex(f"[{chr(0x660 + value)}{chr(0x6F0 + value)}]"), str(value))


def normalizer(*, stem: bool = True) -> Normalizer:
    """Folding as one `tokenizers` normaliser; with `stem`, affixes are cut off too."""
    rules = _FOLDS + (_STEMS if stem else ())
    replaced = [Replace(Regex(pattern), content) for pattern, content in rules]
    return Sequence([NFKC(), Lowercase(), NFKD(), *_digits(), *replaced, NFKC()])


def _seed_alphabet() -> list[str]:
    """Characters that must be tokens of their own whatever the training text holds."""
    ranges = [(0x21, 0x7F), (0x621, 0x64B), (0x3B1, 0x3CA), (0x430, 0x450)]
    letters = [chr(code) for first, last in ranges for code in range(first, last)]
    return [letter for letter in letters if unicodedata.category(letter)[0] in "LNP"]


def train_tokenizer(texts: Iterable[str], size: int, *, stem: bool = True) -> Tokenizer:
    """A tokenizer with at most `size` tokens. A word of a script it has never seen becomes one
    unknown token, whose vector is zero, so it neither fails nor attracts other unknown words."""
    tokenizer = Tokenizer(WordPiece(unk_token=UNKNOWN, max_input_chars_per_word=64))
    tokenizer.normalizer = normalizer(stem=stem)
    tokenizer.pre_tokenizer = PreSequence(
        [WhitespaceSplit(), Punctuation(), Digits(individual_digits=False)]
    )
    trainer = WordPieceTrainer(
        vocab_size=size,
        min_frequency=2,
        special_tokens=[UNKNOWN],
        initial_alphabet=_seed_alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer
