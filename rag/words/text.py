"""Text to index terms: folding, words, stop words and stems.

Folding is for matching only: what a reader sees is always the stored text.
Knows no index and no passage.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from functools import lru_cache

from rag.words.stopwords import STOPWORDS

# Snowball algorithm by language code (PyStemmer 3.1). A language that is not
# listed is matched on folded words.
STEMMERS = {
    "ca": "catalan", "da": "danish", "de": "german", "el": "greek",
    "en": "english", "es": "spanish", "et": "estonian", "eu": "basque", "fa": "persian",
    "fi": "finnish", "fr": "french", "ga": "irish", "hi": "hindi", "hu": "hungarian",
    "hy": "armenian", "id": "indonesian", "it": "italian", "lt": "lithuanian",
    "ne": "nepali", "nl": "dutch", "no": "norwegian", "pt": "portuguese", "ro": "romanian",
    "ru": "russian", "sr": "serbian", "sv": "swedish", "ta": "tamil", "tr": "turkish",
    "yi": "yiddish",
}  # fmt: skip
_NON_LATIN = {
    "ar": "Arabic", "fa": "Arabic", "el": "Greek", "hi": "Devanagari", "ne": "Devanagari",
    "hy": "Armenian", "ru": "Cyrillic", "ta": "Tamil", "yi": "Hebrew",
}  # fmt: skip
_SCRIPT_RANGES = {
    "Latin": (0x0041, 0x024F), "Greek": (0x0370, 0x03FF), "Cyrillic": (0x0400, 0x052F),
    "Armenian": (0x0530, 0x058F), "Hebrew": (0x0590, 0x05FF), "Arabic": (0x0600, 0x06FF),
    "Devanagari": (0x0900, 0x097F), "Tamil": (0x0B80, 0x0BFF),
}  # fmt: skip

# Combining marks that carry no meaning for matching: Latin, Greek and Cyrillic
# accents, Hebrew points, Arabic tashkeel and hamza, tatweel, zero-width and
# direction controls. Indic vowel signs are kept: they are letters.
_MARKS = re.compile(
    "[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed"
    "\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff]"
)
_LETTERS = str.maketrans({"ى": "ي", "ة": "ه", "ی": "ي", "ک": "ك", "ٱ": "ا", "ß": "ss", "ı": "i"})
_DIGITS = str.maketrans({chr(zero + d): str(d) for zero in (0x0660, 0x06F0) for d in range(10)})
_WORD = re.compile(r"[^\W_\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f][\w\u0900-\u0dff]*", re.UNICODE)
_UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f]+")
_ARABIC_SUFFIXES = (
    "هما", "تها", "ها", "هم", "هن", "ات", "ان", "ون", "ين", "يه", "ته", "تي", "وا", "ه", "ي",
)  # fmt: skip
GRAM_LANGUAGES = frozenset({"ar", "fa", "ur"})
_local = threading.local()


def fold(text: str) -> str:
    """Return `text` lower-cased, without accents or tashkeel, with Arabic letters and
    digits unified, for matching. Length and offsets change."""
    text = _MARKS.sub("", unicodedata.normalize("NFKD", text))
    text = unicodedata.normalize("NFC", text).casefold()
    return text.translate(_LETTERS).translate(_DIGITS)


def words(folded: str) -> list[str]:
    """Words of a folded text in order; scripts written without spaces give bigrams."""
    found = _WORD.findall(folded)
    for run in _UNSPACED.findall(folded):
        found += [run[i : i + 2] for i in range(max(1, len(run) - 1))]
    return found


def terms(text: str, language: str, also_stop: str = "") -> list[str]:
    """Stems of the words of `text` that carry a topic, in order.

    Stop words of `language` (and of `also_stop`, the question's own language)
    are dropped; words in the language's own script are stemmed.
    """
    return list(_terms(text, language, also_stop))


# One answer reads the same sentences several times, and the next question many of them again.
# CPU a question over the sample collection, median: 38 ms without, 33 ms with.
@lru_cache(maxsize=8192)
def _terms(text: str, language: str, also_stop: str) -> tuple[str, ...]:
    stop = stopwords(language) | stopwords(also_stop) if also_stop else stopwords(language)
    return tuple(stem([word for word in words(fold(text)) if word not in stop], language))


def index_terms(text: str, language: str, also_stop: str = "") -> list[str]:
    """Terms as the lexical index holds them: stems, and for Arabic their 4-grams too.

    Measured (nDCG@10, Belebele ar-ar / ARCD test): folded words 76.9 / 80.8,
    Snowball 84.7 / 84.7, light stems 86.4 / 85.0, with 4-grams 89.0 / 86.8; in
    English 4-grams lose a point (92.7 to 91.6).
    """
    stems = terms(text, language, also_stop)
    return stems + grams(stems) if language in GRAM_LANGUAGES else stems


def grams(stems: list[str]) -> list[str]:
    """Character 4-grams of each stem with its boundaries, in a name space of their own."""
    padded = [f"_{stem}_" for stem in stems]
    return [f"\x01{p[i : i + 4]}" for p in padded for i in range(max(1, len(p) - 3))]


def is_gram(term: str) -> bool:
    """Whether an index term is a 4-gram and not a word."""
    return term.startswith("\x01")


def stem(folded_words: list[str], language: str) -> list[str]:
    """Stem folded words; words in another script than the language's stay as they are."""
    if language == "ar":
        return [
            stem_arabic(word) if "\u0620" <= word[0] <= "\u06ff" else word for word in folded_words
        ]
    algorithm = STEMMERS.get(language)
    if algorithm is None:
        return folded_words
    low, high = _SCRIPT_RANGES[_NON_LATIN.get(language, "Latin")]
    stemmer = _stemmer(algorithm)
    return [
        stemmer.stemWord(word) if low <= ord(word[0]) <= high else word  # type: ignore[attr-defined]
        for word in folded_words
    ]


def stem_arabic(word: str) -> str:
    """Light stem of a folded Arabic word: conjunction, article and one suffix removed.

    After light10 (Larkey, Ballesteros & Connell 2007), with more suffixes and a
    minimum of three letters left.
    """
    if len(word) > 4 and word[0] in "وفبكل" and word[1:3] == "ال":
        word = word[1:]
    if len(word) > 4 and word[:2] in ("ال", "لل"):
        word = word[2:]
    elif len(word) > 3 and word[0] == "و":
        word = word[1:]
    for suffix in _ARABIC_SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 3:
            return word[: -len(suffix)]
    return word


@lru_cache(maxsize=64)
def stopwords(language: str) -> frozenset[str]:
    """Folded function and question words of `language`; empty when we have no list."""
    return frozenset(
        part for entry in STOPWORDS.get(language, "").split() for part in words(fold(entry))
    )


def _stemmer(algorithm: str) -> object:
    """One stemmer a thread: PyStemmer objects are not thread-safe."""
    cache: dict[str, object] = _local.__dict__.setdefault("stemmers", {})
    if algorithm not in cache:
        from Stemmer import Stemmer

        cache[algorithm] = Stemmer(algorithm)
    return cache[algorithm]
