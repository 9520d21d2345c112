"""What turns a statement round: negations, opposites, and "all" against "some".

Word lists of English, French, Spanish and Arabic, and where their words stand in a sentence. A firm
negation must stand on both sides; a soft one ("failed to", "lack") can bear a firm one out but asks
for nothing. Knows no passage and no translation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from rag.words.text import fold, stem

_FIRM = {
    "en": "not no never none neither nor without cannot nobody nothing nowhere t",
    "fr": "ne n pas jamais aucun aucune sans ni rien nul nulle",
    "es": "no nunca jamás ningún ninguna ninguno sin tampoco ni nada nadie",
    "ar": "لا لم لن ليس ليست ليسوا ليسا لست بدون دون بلا ولا ولم ولن وليس وليست فلا فلم فلن ودون "
    "وبدون أليس ألا",
}
_SOFT = {
    "en": "fail fails failed failing failure refuse refuses refused lack lacks lacked lacking "
    "absence absent prevent prevents prevented preventing deny denies denied avoid avoids avoided "
    "unable impossible unlikely rarely hardly barely seldom few little non unconfirmed free "
    "stop stopped "
    "stopping reject rejected rejects ban banned unclear unknown uncertain unwilling illegal "
    "unsafe incomplete insufficient inadequate",
    "fr": "échoué échoue échouer échec refuse refusé refuser manque absence impossible éviter "
    "évite empêcher empêche peu rarement non guère incapable rejeté rejette interdit",
    "es": "falta carece ausencia imposible evitar evita evitó rechazó rechaza impedir impide "
    "negó niega fracasó incapaz raramente apenas pocos poco prohibido",
    "ar": "عدم غير ما رفض رفضت يرفض فشل فشلت انعدام غياب نقص قلة قليل منع تمنع يمنع تجنب نفى نفت "
    "مستحيل دون لولا خلو خال وعدم وغير لعدم بعدم بغير كلا أبدا",
}
# After a firm word these undo it: "not only", "sin embargo", "لا سيما".
_STRONG = {  # soft words that deny as firmly: what they govern may not be said without them
    "en": "fail fails failed failure unable impossible unlikely refuse refuses refused unconfirmed "
    "lack lacks lacked denied non-existent",
    "fr": "échoué échoue échouer incapable incapables impossible refusé refuse manque",
    "es": "incapaz incapaces imposible fracasó rechazó negó carece",
    "ar": "غير عدم فشل فشلت رفض رفضت لعدم بعدم وغير وعدم بالفشل مستحيل انعدام",
}
_UNDONE = {
    "en": {"not": "only just", "no": "doubt"},
    "fr": {"pas": "seulement"},
    "es": {"sin": "embargo duda", "no": "sólo solo obstante"},
    "ar": {"لا": "سيما يزال تزال يزالون شك بد", "ولا": "سيما يزال تزال", "ليس": "فقط", "لم": "يزل"},
}
REACH = 3  # content words that a negation is taken to govern

# Pairs of opposites: increase / decrease, rise / fall, before / after, support / oppose, ...
_OPPOSITES: tuple[Mapping[str, tuple[str, str]], ...] = (
    {
        "en": (
            "increase increases increased increasing rise rises rose risen rising grow grows grew "
            "grown growing growth gain gained climb climbed up higher raise raised expand expanded "
            "double doubled more most",
            "decrease decreases decreased decreasing fall falls fell fallen falling decline "
            "declines declined declining drop drops dropped dropping shrink shrank shrunk down "
            "lower lowered reduce reduces reduced reduction cut less fewer least",
        ),
        "fr": (
            "augmente augmenté augmentée augmentation augmenter augmentent hausse croissance "
            "croître accru accrue grandi grimpé progressé élevé monté plus supérieur supérieure",
            "diminue diminué diminution diminuer diminuent baisse baissé baisser chute chuté recul "
            "reculé réduit réduite réduire réduction moins inférieur inférieure",
        ),
        "es": (
            "aumenta aumentó aumentado aumento aumentar aumentaron sube subió subida creció crece "
            "crecer crecimiento incremento incrementó más mayor superior",
            "disminuye disminuyó disminuido disminución disminuir disminuyeron baja bajó bajada "
            "cayó caída descenso descendió reduce redujo reducir reducción menos menor inferior",
        ),
        "ar": (
            "ارتفع ارتفعت ارتفاع يرتفع ترتفع زاد زادت زيادة يزيد تزيد ازداد ازدادت ازدياد نما نمو "
            "تزايد تصاعد أكثر أكبر أعلى",
            "انخفض انخفضت انخفاض ينخفض تنخفض تراجع تراجعت هبط هبوط نقص تناقص قل قلت خفض تخفيض "
            "تقليص أقل أصغر أدنى",
        ),
    },
    {
        "en": ("before prior", "after following afterwards"),
        "fr": ("avant", "après"),
        "es": ("antes", "después tras"),
        "ar": ("قبل", "بعد عقب"),
    },
    {
        "en": (
            "support supports supported supporting back backed endorse endorsed approve approved "
            "favour favor accept accepted accepts welcome welcomed agree agreed agrees",
            "oppose opposes opposed opposing opposition reject rejects rejected refuse refused "
            "refuses disagree disagreed against",
        ),
        "fr": (
            "soutient soutenu soutenir soutiennent appuie approuve approuvé accepte "
            "accepté favorable",
            "oppose opposé opposent rejette rejeté refuse refusé contre",
        ),
        "es": (
            "apoya apoyó apoyan apoyado apoyar respalda aprueba aprobó acepta aceptó favorable",
            "opone oponen opuso rechaza rechazó rechazan contra",
        ),
        "ar": (
            "أيد يؤيد تؤيد أيدت دعم يدعم تدعم وافق وافقت يقبل",
            "عارض يعارض تعارض عارضت رفض يرفض ترفض رفضت",
        ),
    },
    {
        "en": (
            "allow allows allowed permit permitted legal",
            "ban bans banned forbid forbidden prohibit prohibited prohibits illegal outlawed",
        ),
        "fr": (
            "autorise autorisé permis permet légal",
            "interdit interdite interdits prohibé illégal",
        ),
        "es": (
            "permite permitido permitió autoriza autorizado legal",
            "prohíbe prohibido prohibió prohibida ilegal",
        ),
        "ar": ("سمح سمحت يسمح تسمح مسموح قانوني", "حظر حظرت يحظر منع يمنع محظور ممنوع"),
    },
    {
        "en": (
            "win wins won winning victory success succeeded successful",
            "lose loses lost losing defeat defeated failure failed unsuccessful",
        ),
        "fr": (
            "gagne gagné gagner remporté remporte victoire succès",
            "perd perdu perdre défaite échec échoué",
        ),
        "es": (
            "gana ganó ganar ganado victoria éxito",
            "pierde perdió perder perdido derrota fracaso",
        ),
        "ar": ("فاز فازت فوز يفوز انتصار نجاح نجح", "خسر خسرت خسارة يخسر هزيمة فشل"),
    },
    {
        "en": (
            "open opens opened begin begins began begun start starts started",
            "close closes closed end ends ended stop stopped finish finished",
        ),
        "fr": (
            "ouvre ouvert ouverte commence commencé début débuté",
            "ferme fermé fermée fin fini terminé termine",
        ),
        "es": (
            "abre abrió abierto abierta comienza comenzó inicio inició empezó",
            "cierra cerró cerrado cerrada fin terminó termina final",
        ),
        "ar": (
            "فتح فتحت افتتح بدأ بدأت بداية مفتوح مفتوحة",
            "أغلق أغلقت انتهى انتهت نهاية مغلق مغلقة",
        ),
    },
    {
        "en": (
            "best better good positive largest biggest highest most strong stronger large high",
            "worst worse bad negative smallest lowest least weak weaker small low",
        ),
        "fr": (
            "meilleur meilleure bon bonne positif grand grande fort",
            "pire mauvais mauvaise négatif petit petite faible",
        ),
        "es": (
            "mejor gran buen bueno buena positivo grande fuerte alto alta",
            "peor mal malo mala negativo pequeño pequeña débil bajo baja",
        ),
        "ar": ("أفضل جيد جيدة إيجابي كبير كبيرة قوي", "أسوأ سيئ سيئة سلبي صغير صغيرة ضعيف"),
    },
    {
        "en": ("many numerous", "few"),
        "fr": ("nombreux nombreuses beaucoup", "peu"),
        "es": ("muchos muchas numerosos numerosas", "pocos pocas"),
        "ar": ("كثير كثيرة عديد العديد", "قليل قليلة"),
    },
    {
        "en": ("first", "last"),
        "fr": ("premier première", "dernier dernière"),
        "es": ("primero primera primer", "último última"),
        "ar": ("أول الأول الأولى", "آخر الأخير الأخيرة"),
    },
    {
        "en": ("north northern", "south southern"),
        "fr": ("nord", "sud"),
        "es": ("norte", "sur"),
        "ar": ("شمال الشمالي الشمالية", "جنوب الجنوبي الجنوبية"),
    },
    {
        "en": ("east eastern", "west western"),
        "fr": ("oriental orientale", "ouest occidentale occidental"),
        "es": ("oriental", "oeste occidental"),
        "ar": ("شرق الشرقي الشرقية", "غرب الغربي الغربية"),
    },
)
_ALL = {
    "en": "all every each always everyone everybody everything",
    "fr": "tous toutes chaque toujours",
    "es": "todos todas cada siempre",
    "ar": "كل جميع كافة دائما سائر كامل كلها كلهم جميعا بأكملها بأكمله وكل وجميع لكل لجميع بكل "
    "بجميع بكافة",
}
_WHOLE = {  # they bear "all" out, but do not claim it
    "en": "entire whole throughout any both only full",
    "fr": "tout toute entier entière ensemble n'importe partout quelque plein",
    "es": "todo toda entero entera cualquier cualquiera conjunto",
    "ar": "أي كامل كاملا مختلف شتى عموم طوال",
}
_ARABIC_ARTICLES = ("وال", "بال", "فال", "كال", "لل", "ال", "و", "ف", "ب", "ل")


def firm_negations(words: Sequence[str], language: str) -> list[int]:
    """Places of the words that negate; those close together ("ne ... pas") count once."""
    firm, undone = _words(_FIRM, language), _undone(language)
    found: list[int] = []
    for at, word in enumerate(words):
        if word not in firm or (word in ("no", "n") and _is_number(words, at + 1)):
            continue
        if set(words[at + 1 : at + 3]) & undone.get(word, frozenset()):
            continue
        if language == "fr" and word in ("ne", "n") and _only(words, at):
            continue
        if not (language == "fr" and found and at - found[-1] <= 4):
            found.append(at)
    return found


def any_negations(words: Sequence[str], language: str) -> list[int]:
    """Places of firm and soft negations."""
    known = _words(_FIRM, language) | _words(_SOFT, language)
    return [at for at, word in enumerate(words) if word in known]


def denials(words: Sequence[str], language: str) -> list[int]:
    """Places of firm negations and of words that deny as firmly."""
    strong = _words(_STRONG, language)
    strongly = [at for at, word in enumerate(words) if word in strong]
    return sorted({*firm_negations(words, language), *strongly})


def poles(words: Sequence[str], language: str) -> list[tuple[int, int, int]]:
    """(place, pair of opposites, side 0 or 1) of the words that have an opposite."""
    table = _poles(language)
    words = [word if word in table else stem([word], language)[0] for word in words]
    return [
        (at, pair, side)
        for at, word in enumerate(words)
        for pair, side in table.get(_bare(word, table, language), ())
    ]


def universals(words: Sequence[str], language: str, *, claimed: bool = False) -> list[int]:
    """Places of "all", "every" and the like; with `claimed`, those that say so beyond doubt."""
    known = _words(_ALL, language) if claimed else _words(_ALL, language) | _words(_WHOLE, language)
    return [
        at
        for at, word in enumerate(words)
        if word in known and not (claimed and at and words[at - 1] in ("at", "after", "above"))
    ]


def _only(words: Sequence[str], at: int) -> bool:
    """French "ne ... que" without "pas": only."""
    near = words[at + 1 : at + 8]
    return ("que" in near or "qu" in near) and not set(near) & {"pas", "jamais", "aucun", "aucune"}


def _is_number(words: Sequence[str], at: int) -> bool:
    return at < len(words) and words[at].isdecimal()


def _bare(word: str, table: Mapping[str, object], language: str) -> str:
    """An Arabic word without article and prefix, where the table knows the rest."""
    if language == "ar" and word not in table:
        for prefix in _ARABIC_ARTICLES:
            if word.startswith(prefix) and word[len(prefix) :] in table and len(word) > 4:
                return word[len(prefix) :]
    return word


@lru_cache(maxsize=64)
def _listed(words: str) -> frozenset[str]:
    return frozenset(fold(word) for word in words.split())


def _words(table: Mapping[str, str], language: str) -> frozenset[str]:
    return _listed(table.get(language, ""))


@lru_cache(maxsize=8)
def _undone(language: str) -> Mapping[str, frozenset[str]]:
    return {fold(word): _listed(after) for word, after in _UNDONE.get(language, {}).items()}


@lru_cache(maxsize=8)
def _poles(language: str) -> Mapping[str, tuple[tuple[int, int], ...]]:
    found: dict[str, list[tuple[int, int]]] = {}
    for pair, sides in enumerate(_OPPOSITES):
        for side, listed in enumerate(sides.get(language, ("", ""))):
            for word in _listed(listed):
                for form in {word, stem([word], language)[0]}:
                    found.setdefault(form, []).append((pair, side))
    return {word: tuple(places) for word, places in found.items()}
