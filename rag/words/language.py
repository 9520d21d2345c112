"""Which language a text is in, and which way it runs.

Script first, then function words and letters that only some languages use; the
statistical model (py3langid: half a second to load) is asked only when those do
not decide, which a question in one of the listed languages nearly always avoids.

It does not know dialects, transliterated text, or which languages the
collection holds: callers that know pass `candidates`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from rag.words.stopwords import STOPWORDS

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

RIGHT_TO_LEFT = frozenset(("ar", "ckb", "dv", "fa", "he", "ku", "ps", "sd", "ug", "ur", "yi"))

# Beyond the lists of `rag.words.stopwords`: enough words to tell these from their
# neighbours, not to index them.
_MORE_WORDS = {
    "da": "og at er det en til på som med for af den har ikke fra der blev var et kan skal ved",
    "no": "og at er det en til på som med for av den har ikke fra ble var et kan skal ved",
    "ca": "i el la els les de del que és per amb una un no es dels al a com més són on què qui",
    "ro": "și de la în a cu pe este nu care din sunt o un să au pentru mai ce prin fost al lui ale",
    "pl": "i w na z do nie się że jest to o od po jak co przez dla są oraz ale był tym jego które",
    "tr": "ve bir bu da de için ile olarak ne var mı mi çok olan en daha kadar gibi nedir hangi",
    "hr": "i u je na se da su za od s a što kako koji koja iz o ne kao po bio može nije tko gdje",
    "sq": "dhe në e të i për me që një nga është të se u ka janë si më por kjo ky çfarë kush",
    "fi": "ja on ei se että oli hän mutta ovat joka mitä kuka missä sekä myös kun kuin tai jotka",
    "hu": "a az és hogy nem is egy volt ez meg mint csak vagy de ki mi hol milyen azt van",
    "cs": "a v se na je že to s z do o i ve jako k za by pro ale jsou od co kdo kde který",
    "id": "yang dan di itu dengan untuk tidak ini dari dalam akan pada ke adalah apa siapa oleh",
    "sw": "ya na wa kwa ni la za katika cha kama hii nini nani wapi yake huo kuwa pia lakini",
    "fa": "و در به از که این را با است برای آن یک خود تا کرد بر هم نیز شد می چه کی چیست آیا های",
    "ur": "کے کی میں ہے اور سے کا کو نے پر ہیں یہ کہ اس ایک تھا بھی تھے کیا کون نہیں جو ہو",
    "ps": "د په او چې له سره دی ته هم دا کې یو څه نه شي کوي وي",
    "ru": "и в на не что с по как это из у за от для к о его то но был при также кто где какие",
    "uk": "і в на та що не до з як у за це від про для є його по але був також хто де які",
    "bg": "и на в за от се да с по че са е не това като до при към кой къде какво или",
    "mk": "и на во за од се да со што ќе е не како ги до кој кои каде ја го по или",
    "sr": "и у је да се на за са од су што као није ко где који која из о по или",
}
# A word with one of these letters speaks for the language, half as loud as a function word.
_LETTERS = {
    "es": "ñáíóú", "fr": "àâçèêëîïôœùû", "pt": "ãõçâê", "it": "àèìòù", "de": "äöüß", "sv": "åäö",
    "da": "åæø", "no": "åæø", "fi": "äö", "hu": "őűáíóöü", "pl": "ąćęłńśźż", "cs": "čďěňřšťůž",
    "ro": "ășțţşâî", "tr": "ğışçöü", "hr": "čćđšž", "sq": "ëç", "ca": "àçèòï",
    "ar": "ةيكأإىؤئ", "fa": "پچژگکی", "ur": "ٹڈڑےںھہکی", "ps": "ټډړښځڅېۍ",
    "ru": "ыэёщ", "uk": "іїєґ", "bg": "ъщ", "mk": "ќѓѕјљњџ", "sr": "ћђјљњџ",
}  # fmt: skip
_SCRIPTS = {
    "Latin": "A-Za-zÀ-ÖØ-öø-ɏḀ-ỿ",
    "Arabic": "\u0620-\u065f\u066e-\u06ef\u06fa-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufefc",
    "Cyrillic": "\u0400-\u052f",
    "Greek": "\u0370-\u03ff\u1f00-\u1fff",
    "Hebrew": "\u0590-\u05ff",
    "Armenian": "\u0530-\u058f",
    "Georgian": "\u10a0-\u10ff",
    "Devanagari": "\u0900-\u097f",
    "Bengali": "\u0980-\u09ff",
    "Tamil": "\u0b80-\u0bff",
    "Thai": "\u0e00-\u0e7f",
    "Ethiopic": "\u1200-\u137f",
    "Hangul": "\u1100-\u11ff\uac00-\ud7af",
    "Kana": "\u3040-\u30ff",
    "Han": "\u3400-\u9fff",
}
_ONE_LANGUAGE = {
    "Greek": "el", "Hebrew": "he", "Armenian": "hy", "Georgian": "ka", "Devanagari": "hi",
    "Bengali": "bn", "Tamil": "ta", "Thai": "th", "Ethiopic": "am", "Hangul": "ko",
    "Kana": "ja", "Han": "zh",
}  # fmt: skip
_OF_SCRIPT = {
    "Arabic": ("ar", "fa", "ur", "ps"),
    "Cyrillic": ("ru", "uk", "bg", "mk", "sr", "be", "kk", "ky", "mn", "tg"),
    "Latin": (
        "en", "fr", "es", "pt", "de", "it", "nl", "sv", "da", "no", "fi", "is", "et", "lt", "lv",
        "pl", "cs", "sk", "sl", "hr", "hu", "ro", "sq", "ca", "eu", "ga", "tr", "az", "uz", "id",
        "ms", "tl", "vi", "sw", "so", "ha",
    ),
}  # fmt: skip
_RUNS = {name: re.compile(f"[{ranges}]+") for name, ranges in _SCRIPTS.items()}
_WORDS = {name: frozenset(f"{STOPWORDS.get(name, '')} {_MORE_WORDS.get(name, '')}".split())
          for name in {*STOPWORDS, *_MORE_WORDS}}  # fmt: skip
_WORDS["fr"] -= {"y"}  # far more often Spanish
_TOKEN = re.compile(r"[^\W\d_]+")
_SAMPLE = 2_000  # characters taken from the start, the middle and the end
_ENOUGH = 0.22  # function words in a long text of a listed language: 30-50 %
_SURE = 0.35  # py3langid's probability among the candidates, from four words on
_SURE_SHORT = 0.6  # below that: bare names ("Kenya?") must not pass for a language
QUESTIONS = ("en", "fr", "es", "ar")  # languages that questions are expected in
_FEW = 6  # candidates: with so few, half a vote of lead decides a short text
_DENSE = frozenset({"Han", "Kana", "Hangul"})  # one letter carries about as much as three


def detect(text: str, candidates: Sequence[str] | None = None, default: str = "und") -> str:
    """ISO 639-1 code of the main language of `text`, one of `candidates` if given.

    `default` is returned where there is nothing to go by: no letters, a bare
    name, a script none of the candidates uses. Never raises.
    """
    sample = _sample(text)
    letters = {name: n for name in _SCRIPTS if (n := _count(name, sample))}
    if not letters:
        return default
    script = _main_script(sample, letters)
    allowed = [
        code
        for code in _OF_SCRIPT.get(script, (_one_language(script, letters),))
        if candidates is None or code in candidates
    ]
    if len(allowed) == 1 and script != "Latin":
        return allowed[0]
    words = [w.lower() for w in _TOKEN.findall(" ".join(_RUNS[script].findall(sample)))]
    if not allowed:
        return default
    leading = _by_votes(sample, words, allowed)
    if len(leading) == 1:
        return leading[0]
    return (
        _by_model(sample, words, leading)
        or _by_model(sample, words, allowed)
        or (allowed[0] if script == "Arabic" else default)
    )


def detect_question(text: str, default: str = "en") -> str:
    """`detect` for a question: where that leaves it open, the most likely of QUESTIONS.

    A question of two or three words often leaves it open; taking it for English then would
    translate French words as if they were English ones.
    """
    return detect(text, default="") or detect(text, QUESTIONS, default=default)


def direction(language: str) -> str:
    """ "rtl" for languages written from right to left, otherwise "ltr"."""
    return "rtl" if language.lower().split("-")[0] in RIGHT_TO_LEFT else "ltr"


def _sample(text: str) -> str:
    if len(text) <= 3 * _SAMPLE:
        return text
    middle = len(text) // 2
    return " ".join((text[:_SAMPLE], text[middle : middle + _SAMPLE], text[-_SAMPLE:]))


def _count(script: str, text: str) -> int:
    return sum(map(len, _RUNS[script].findall(text))) * (3 if script in _DENSE else 1)


def _one_language(script: str, letters: Mapping[str, int]) -> str:
    if script == "Han" and 10 * letters.get("Kana", 0) >= letters["Han"]:
        return "ja"
    return _ONE_LANGUAGE.get(script, "")


def _main_script(sample: str, letters: Mapping[str, int]) -> str:
    """The script with most function words; by letters alone where one clearly rules."""
    total = sum(letters.values())
    script, most = max(letters.items(), key=lambda item: item[1])
    if len(letters) == 1 or most >= 0.97 * total or (total > 400 and most >= 0.7 * total):
        return script
    tokens = [w.lower() for w in _TOKEN.findall(sample)]

    def weight(name: str) -> tuple[float, int]:
        lists = [_WORDS[code] for code in _OF_SCRIPT.get(name, ()) if code in _WORDS]
        hits = max(
            (sum(len(token) > 1 and token in words for token in tokens) for words in lists),
            default=letters[name] / 8,  # no list: about the function words a text that long has
        )
        return hits + (name == "Arabic" and "؟" in sample), letters[name]

    return max(letters, key=weight)


def _by_votes(sample: str, words: Sequence[str], allowed: Collection[str]) -> list[str]:
    """The language whose function words and letters lead clearly, alone; else those that
    lead together; none where nothing speaks for any."""
    if not words:
        return []
    counts = Counter(words)
    votes = {code: 0.0 for code in allowed if code in _WORDS}
    for code in votes:
        votes[code] = _hits(counts, code)
    if "es" in votes:
        votes["es"] += 2.0 * (("¿" in sample) or ("¡" in sample))
    ranked = sorted(votes.items(), key=lambda item: -item[1])
    if not ranked:
        return []
    best, most = ranked[0]
    margin = most - (ranked[1][1] if len(ranked) > 1 else 0.0)
    if len(words) >= 12:
        sure = margin >= 0.04 * len(words) and most >= _ENOUGH * len(words)
    else:
        sure = margin >= (0.5 if len(votes) <= _FEW else 1.0) and most >= 1.0
    if sure:
        return [best]
    if len(words) >= 12 or most < 1.0:
        return []
    return [code for code, n in ranked if n > most - 1.0]


def _hits(counts: Counter[str], code: str) -> float:
    known, letters = _WORDS[code], frozenset(_LETTERS.get(code, ""))
    return sum(
        n * (1.0 if word in known else 0.5 if letters and not letters.isdisjoint(word) else 0.0)
        for word, n in counts.items()
    )


def _by_model(sample: str, words: Sequence[str], allowed: Collection[str]) -> str:
    """py3langid's most likely language among `allowed`; "" where it is not sure."""
    if not allowed:
        return ""
    scores = [(code, p) for code, p in _identifier().rank(sample) if code in allowed]
    total = sum(p for _, p in scores)
    if not scores or total <= 0:
        return ""
    code, best = scores[0]
    return code if best / total >= (_SURE if len(words) > 3 else _SURE_SHORT) else ""


@lru_cache(maxsize=1)
def _identifier() -> LanguageIdentifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
