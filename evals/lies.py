"""True sentences and lies made from parallel passages, to train and to measure the check.

A true sentence is one of the passage's own, a shortened one, two joined into one, or its
translation; a lie is a true one with one thing wrong, in thirteen ways. Deterministic for a seed.
Makes lies with word lists of its own, not with those of the check. Knows no model.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

Texts = Mapping[str, str]  # language -> text of one sentence


@dataclass(frozen=True, slots=True)
class Group:
    """Sentences in a row that make a passage, each in one or more languages."""

    id: str
    sentences: tuple[Texts, ...]
    names: tuple[Mapping[str, tuple[str, ...]], ...] = ()  # of each sentence, by language

    def passage(self, language: str) -> str:
        """The passage in one language."""
        return " ".join(sentence[language] for sentence in self.sentences)


@dataclass(frozen=True, slots=True)
class Sources:
    """What a lie is made from: the group, one sentence of it, and other groups."""

    group: Group
    at: int
    others: Sequence[Group]
    language: str
    random: random.Random

    @property
    def sentence(self) -> str:
        return self.group.sentences[self.at][self.language]

    @property
    def other(self) -> Group:
        return self.random.choice(self.others)


_CLAUSE = re.compile(r"(?<=[,;:،؛])\s+")
_ENDS = re.compile(r"[.!?؟]\s*$")
_FIGURE = re.compile(r"(?<![\w.,])[\d٠-٩]+(?:[.,٫٬][\d٠-٩]+)?(?![\w])")
_JOIN = {"en": " and ", "fr": " et ", "es": " y ", "ar": " و"}


def shortened(s: Sources) -> str | None:
    """The sentence without one of its clauses; None where too little would be left."""
    parts = _CLAUSE.split(_ENDS.sub("", s.sentence))
    if len(parts) < 2:
        return None
    drop = s.random.choice([0, len(parts) - 1])
    kept = [part for i, part in enumerate(parts) if i != drop]
    text = " ".join(kept).rstrip(" ,;:،؛")
    return _sentence(text) if len(text.split()) >= 6 else None


def merged(s: Sources) -> str | None:
    """Two sentences of the passage in one."""
    if s.at + 1 >= len(s.group.sentences):
        return None
    first, second = s.sentence, s.group.sentences[s.at + 1][s.language]
    parts = [max(_CLAUSE.split(_ENDS.sub("", text)), key=len) for text in (first, second)]
    head, tail = (part.rstrip(" ,;:،؛") for part in parts)
    return _sentence(head + _JOIN[s.language] + tail)


def wrong_number(s: Sources) -> str | None:
    found = [m for m in _FIGURE.finditer(s.sentence) if not _is_year(m[0])]
    return _replaced(s, found, _other_figure)


def wrong_year(s: Sources) -> str | None:
    found = [m for m in _FIGURE.finditer(s.sentence) if _is_year(m[0])]
    return _replaced(s, found, _other_year)


_MONTHS = {
    "en": "January February March April June July August September October November December",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre "
    "diciembre",
    "ar": "يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر",
}


def wrong_month(s: Sources) -> str | None:
    months = _MONTHS[s.language].split()
    found = list(re.finditer(rf"\b({'|'.join(months)})\b", s.sentence))
    return _replaced(s, found, lambda s, w: s.random.choice([m for m in months if m != w]))


def wrong_name(s: Sources) -> str | None:
    """One name replaced by one of another passage."""
    mine = s.group.names[s.at].get(s.language, ()) if s.group.names else ()
    theirs = [n for names in s.other.names for n in names.get(s.language, ())]
    passage = s.group.passage(s.language)
    theirs = [n for n in theirs if n not in passage and len(n) > 3]
    if not mine or not theirs:
        return None
    return s.sentence.replace(s.random.choice(mine), s.random.choice(theirs), 1)


def swapped_names(s: Sources) -> str | None:
    """Two names that are not neighbours exchanged."""
    mine = list(dict.fromkeys(s.group.names[s.at].get(s.language, ()))) if s.group.names else []
    pairs = [
        (a, b)
        for i, a in enumerate(mine)
        for b in mine[i + 1 :]
        if a not in b and b not in a and _words_between(s.sentence, a, b) >= 3
        and s.sentence.count(a) == s.sentence.count(b) == 1
    ]  # fmt: skip
    if not pairs:
        return None
    a, b = s.random.choice(pairs)
    return s.sentence.replace(a, "\0").replace(b, a).replace("\0", b)


_NEGATED = {
    "en": (
        (r"\b(is|are|was|were|has|have|can|could|will|would|should|may|must|had)\b", r"\1 not"),
    ),
    "fr": ((r"\b(est|était|a|avait|sont|étaient|ont|peut|peuvent|doit|fut|sera)\b", r"ne \1 pas"),),
    "es": (
        (
            r"\b(es|fue|era|son|eran|ha|han|había|tiene|tienen|puede|pueden|está|están|fueron|hay)\b",
            r"no \1",
        ),
    ),
    "ar": (
        (r"\b(و?)كان\b", r"\1لم يكن"),
        (r"\b(و?)كانت\b", r"\1لم تكن"),
        (r"\bيمكن\b", "لا يمكن"),
        (r"\bتم\b", "لم يتم"),
        (r"\bتمت\b", "لم تتم"),
        (r"\bقال\b", "لم يقل"),
        (r"\bيجب\b", "لا يجب"),
        (r"\bيوجد\b", "لا يوجد"),
        (r"\bهو\b", "ليس"),
        (r"\bهي\b", "ليست"),
        (r"\bأصبح\b", "لم يصبح"),
    ),
}
_POSITIVE = {
    "en": (
        (r"\b(is|are|was|were|has|have|can|could|will|would|should|did|do|does) not\b", r"\1"),
        (r"\b(is|are|was|were|did|do|does|would|could|has|have)n['’]t\b", r"\1"),
        (r"\bnever\b", "always"),
        (r"\bwithout\b", "with"),
        (r"\bcannot\b", "can"),
    ),
    "fr": (
        (r"\b[Nn](?:e |['’])(\w+) pas\b", r"\1"),
        (r"\bsans\b", "avec"),
        (r"\b[Nn](?:e |['’])(\w+) jamais\b", r"\1"),
    ),
    "es": (
        (r"\b[Nn]o (?!sólo|solo|obstante)(\w+)", r"\1"),
        (r"\bsin\b(?! embargo)", "con"),
        (r"\bnunca\b", "siempre"),
    ),
    "ar": (
        (r"\b(و?)لم يكن\b", r"\1كان"),
        (r"\b(و?)لا (ي\w+)", r"\1\2"),
        (r"\b(و?)لم (ي\w+)", r"\1\2"),
        (r"\bدون\b", "مع"),
        (r"\b(و?)ليس(ت)?\b", r"\1هو"),
        (r"\b(و?)لا (ت\w+)", r"\1\2"),
    ),
}
_OPPOSITES = {
    "en": "increase/decrease increased/decreased rose/fell more/less before/after largest/smallest "
    "support/oppose supported/opposed won/lost north/south east/west higher/lower first/last "
    "opened/closed allowed/banned best/worst large/small good/bad many/few high/low began/ended",
    "fr": "augmenté/diminué augmentation/diminution plus/moins avant/après grand/petit gagné/perdu "
    "nord/sud meilleur/pire ouvert/fermé grande/petite commencé/terminé hausse/baisse",
    "es": "aumento/descenso aumentó/disminuyó más/menos antes/después mayor/menor ganó/perdió "
    "norte/sur mejor/peor abierto/cerrado grande/pequeño comenzó/terminó alto/bajo",
    "ar": "ارتفع/انخفض زيادة/انخفاض أكثر/أقل قبل/بعد أكبر/أصغر فاز/خسر شمال/جنوب أفضل/أسوأ شرق/غرب "
    "الشمالية/الجنوبية كبيرة/صغيرة كبير/صغير بدأ/انتهى ارتفاع/انخفاض",
}
_MAGNITUDES = {
    "en": "million/thousand billion/million thousand/million thousands/millions millions/thousands",
    "fr": "millions/milliards million/milliard milliards/millions milliers/millions",
    "es": "millones/miles millón/billón miles/millones",
    "ar": "مليون/ألف مليار/مليون ألف/مليون ملايين/آلاف آلاف/ملايين",
}
_QUANTIFIERS = {
    "en": "some/all many/all most/all several/all",
    "fr": "certains/tous certaines/toutes plusieurs/tous quelques/tous",
    "es": "algunos/todos algunas/todas muchos/todos muchas/todas varios/todos varias/todas",
    "ar": "بعض/جميع معظم/جميع العديد/جميع عدة/جميع",
}


_DENIES = re.compile(r"\b(not|no|never|t|cannot|pas|ne|n|jamais|nunca|لا|لم|لن|ليس|ليست)\b")


def negation_added(s: Sources) -> str | None:
    """A negation where the sentence has none."""
    if _DENIES.search(s.sentence.lower()):
        return None
    return _rewritten(s, _NEGATED[s.language])


def negation_removed(s: Sources) -> str | None:
    return _rewritten(s, _POSITIVE[s.language])


def opposite(s: Sources) -> str | None:
    pairs = [pair.split("/") for pair in _OPPOSITES[s.language].split()]
    return _exchanged(s, pairs + [[b, a] for a, b in pairs])


def magnitude(s: Sources) -> str | None:
    return _exchanged(s, [pair.split("/") for pair in _MAGNITUDES[s.language].split()])


def quantifier(s: Sources) -> str | None:
    return _exchanged(s, [pair.split("/") for pair in _QUANTIFIERS[s.language].split()])


def percent(s: Sources) -> str | None:
    found = list(re.finditer(r"[\d٠-٩]+(?=(?:[.,][\d]+)?[\s\u00a0\u202f]?[%٪])", s.sentence))
    return _replaced(s, found, _other_figure)


def half_invented(s: Sources) -> str | None:
    """A true clause, and a clause of another document."""
    mine = _CLAUSE.split(_ENDS.sub("", s.sentence))
    head = " ".join(mine[: max(1, (len(mine) + 1) // 2)]).rstrip(" ,;:،؛")
    theirs = _ENDS.sub("", s.random.choice(s.other.sentences).get(s.language, ""))
    tail = max(_CLAUSE.split(theirs), key=len)
    if len(head.split()) < 4 or len(tail.split()) < 5:
        return None
    return _sentence(head + _JOIN[s.language] + tail[:1].lower() + tail[1:])


def other_passage(s: Sources) -> str | None:
    """A sentence of another passage."""
    return s.random.choice(s.other.sentences).get(s.language)


def own_vocabulary(s: Sources) -> str | None:
    """The beginning of one sentence and the end of another of the same passage."""
    others = [t[s.language] for i, t in enumerate(s.group.sentences) if i != s.at]
    if not others:
        return None
    mine, theirs = s.sentence.split(), _ENDS.sub("", s.random.choice(others)).split()
    if len(mine) < 10 or len(theirs) < 10:
        return None
    return _sentence(" ".join(mine[: len(mine) // 2] + theirs[len(theirs) // 2 :]))


LIES: dict[str, Callable[[Sources], str | None]] = {
    "wrong number": wrong_number,
    "wrong year": wrong_year,
    "wrong month": wrong_month,
    "wrong name": wrong_name,
    "swapped names": swapped_names,
    "negation added": negation_added,
    "negation removed": negation_removed,
    "opposite": opposite,
    "magnitude": magnitude,
    "percent": percent,
    "some to all": quantifier,
    "half invented": half_invented,
    "other passage": other_passage,
    "own vocabulary": own_vocabulary,
}
TRUTHS: dict[str, Callable[[Sources], str | None]] = {
    "whole": lambda s: s.sentence,
    "shortened": shortened,
    "merged": merged,
}


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip()}."


def _is_year(figure: str) -> bool:
    return figure.isdecimal() and len(figure) == 4 and 1500 <= int(figure) <= 2100


def _other_figure(s: Sources, written: str) -> str:
    """Another figure that the passage does not have."""
    whole = int(re.split(r"[.,٫٬]", written)[0])
    passage = s.group.passage(s.language)
    options = [n for n in (whole + 13, whole * 2 + 17, whole + 131) if str(n) not in passage]
    return str(s.random.choice(options or [whole + 1117]))


def _other_year(s: Sources, written: str) -> str:
    passage = s.group.passage(s.language)
    options = [str(int(written) + n) for n in (-7, -3, -1, 1, 2, 4)]
    return s.random.choice([year for year in options if year not in passage])


def _replaced(
    s: Sources, found: Sequence[re.Match[str]], other: Callable[[Sources, str], str]
) -> str | None:
    if not found:
        return None
    match = s.random.choice(found)
    return s.sentence[: match.start()] + other(s, match[0]) + s.sentence[match.end() :]


def _rewritten(s: Sources, rules: Sequence[tuple[str, str]]) -> str | None:
    for pattern, replacement in rules:
        if re.search(pattern, s.sentence):
            return re.sub(pattern, replacement, s.sentence, count=1)
    return None


def _exchanged(s: Sources, pairs: Sequence[Sequence[str]]) -> str | None:
    known = [pair for pair in pairs if re.search(rf"\b{pair[0]}\b", s.sentence)]
    if not known:
        return None
    old, new = s.random.choice(known)
    return re.sub(rf"\b{old}\b", new, s.sentence, count=1)


def _words_between(text: str, a: str, b: str) -> int:
    first, second = sorted((text.find(a), text.find(b)))
    return len(text[first:second].split()) - 1 if first >= 0 else 0


_CAPITAL = re.compile(r"(?<![.!?:“\"«(]\s)(?<!^)\b[A-ZÀ-Þ][\w'’-]{2,}")


def latin_names(sentence: str) -> tuple[str, ...]:
    """Capitalised words inside a sentence."""
    return tuple(dict.fromkeys(_CAPITAL.findall(sentence)))
