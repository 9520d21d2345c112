"""Whether a sentence leans on the one before it: "He said ...", "Il a ajouté ...",
"Añadió que ...", "وأضافت أن ...". Such a sentence is quoted with the one before.

Cues at the opening, in four languages; it resolves nothing and knows no page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from rag.words.text import fold, words

_POINTERS = {
    "en": "he she it they this these those such his her its their both",
    "fr": "il elle ils elles ce cette ces celui celle ceux celles cela leur leurs son sa ses",
    "es": "ella ellos ellas este esta estos estas ese esa esos esas esto eso ello su sus",
    "ar": "هو هي هم هذا هذه هؤلاء ذلك تلك وهو وهي وهم كما",
}
# Words that may stand before the pointer: "However, she ...", "En outre, il ...".
_JOINING = {
    "en": "and but also however moreover additionally furthermore then later meanwhile yet finally "
    "in addition instead still",
    "fr": "et mais aussi cependant toutefois en outre de plus puis ensuite enfin ainsi donc or par "
    "ailleurs",
    "es": "y pero también además asimismo sin embargo luego después finalmente por",
    "ar": "أيضا كذلك كما ثم علاوة",
}
# Verbs of saying whose subject is in the sentence before when one of _AFTER follows at once.
_SAYING = {
    "es": "añadió agregó señaló afirmó subrayó destacó indicó explicó recordó insistió mencionó "
    "concluyó dijo sostuvo propuso pidió añadieron señalaron afirmaron subrayaron destacaron "
    "explicaron recordaron pidieron",
    "ar": "قال قالت قالوا أضاف أضافت أضافوا أوضح أوضحت أشار أشارت أشاروا أكد أكدت أكدوا ذكر "
    "ذكرت شدد شددت شددوا لفت لفتت رأى رأت اعتبر اعتبرت بين بينت دعا دعت تابع تابعت أردف أردفت "
    "اختتم اختتمت أعرب أعربت نوه نوهت صرح صرحت أفاد أفادت",
}
_AFTER = {
    "es": "que la el los las a como en también además",
    "ar": "أن أنه أنها أنهم إن إنه إنها إنهم إلى على بأن بأنه بأنها أيضا كذلك قائلا قائلة عن",
}
_IMPERSONAL = {  # "it is important that": the pointer points at nothing
    "en": (("it",), "is was remains would will may can takes seems became", "that to"),
    "fr": (("il", "ce"), "est était faut convient y existe importe semble s reste", "que de d"),
}
_SAME = frozenset({"same", "meme", "mismo", "misma", "نفسه", "نفسها", "ذاته", "ذاتها"})
_FRAGMENT = {"ar": frozenset({"ان", "بان"})}  # "that ...": an item without its announcement
OPENING = 5  # words looked at


def leans(text: str, language: str) -> bool:
    """Whether a sentence opens with words that point back, or with a verb of saying whose
    subject it does not name."""
    if language == "es" and text.startswith("Él "):
        return True  # folded, it is the article
    tokens = words(fold(text[:200]))
    opening = tokens[:OPENING]
    if _SAME & set(opening) or (opening[:1] and opening[0] in _listed(_POINTERS, language)):
        return not _impersonal(tokens, language)
    joining = _listed(_JOINING, language)
    while len(opening) > 1 and opening[0] in joining:
        opening = opening[1:]
    if opening and opening[0] in _listed(_POINTERS, language):
        return not _impersonal(tokens[len(tokens[:OPENING]) - len(opening) :], language)
    return _says(opening, language)


def is_fragment(text: str, language: str) -> bool:
    """Whether a text is the rest of a sentence begun elsewhere, such as a list item; in
    scripts with capitals a small first letter tells."""
    first = words(fold(text[:40]))[:1]
    return text[:1].islower() or bool(_FRAGMENT.get(language, frozenset()) & set(first))


def _says(opening: Sequence[str], language: str) -> bool:
    if len(opening) < 2 or opening[1] not in _listed(_AFTER, language):
        return False
    verb, verbs = opening[0], _listed(_SAYING, language)
    return verb in verbs or (language == "ar" and verb[:1] in "وف" and verb[1:] in verbs)


def _impersonal(tokens: Sequence[str], language: str) -> bool:
    if language not in _IMPERSONAL or len(tokens) < 2:
        return False
    pronouns, verbs, links = _IMPERSONAL[language]
    verb, link = frozenset(words(fold(verbs))), frozenset(words(links))
    goes_on = bool(link & set(tokens[2:7])) or tokens[1] in ("faut", "y", "existe", "convient")
    return tokens[0] in pronouns and tokens[1] in verb and goes_on


@lru_cache(maxsize=64)
def _of(listed: str) -> frozenset[str]:
    return frozenset(words(fold(listed)))


def _listed(lists: Mapping[str, str], language: str) -> frozenset[str]:
    return _of(lists.get(language, ""))
