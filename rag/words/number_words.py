"""Number words of English, French, Spanish and Arabic, folded, with what each stands for.

Tables only; `rag.check.numbers` reads with them. A word that is more often something else (French
"neuf" is also "new") is in `DOUBTFUL`: it can bear out a figure, but does not state one.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache

from rag.words.text import fold

_SMALL = {
    "en": "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen",
    "fr": "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze "
    "seize dix-sept dix-huit dix-neuf",
    "es": "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce "
    "quince dieciséis diecisiete dieciocho diecinueve veinte veintiuno veintidós veintitrés "
    "veinticuatro veinticinco veintiséis veintisiete veintiocho veintinueve",
    "ar": "صفر واحد اثنان ثلاثة أربعة خمسة ستة سبعة ثمانية تسعة عشرة",
}
_MORE = {
    "en": "twenty=20 thirty=30 forty=40 fifty=50 sixty=60 seventy=70 eighty=80 ninety=90",
    "fr": "une=1 vingt=20 vingts=20 trente=30 quarante=40 cinquante=50 soixante=60 septante=70 "
    "huitante=80 octante=80 nonante=90",
    "es": "un=1 una=1 veintiún=21 veintiuna=21 treinta=30 cuarenta=40 cincuenta=50 sesenta=60 "
    "setenta=70 ochenta=80 noventa=90 ciento=100 doscientos=200 doscientas=200 trescientos=300 "
    "trescientas=300 cuatrocientos=400 cuatrocientas=400 quinientos=500 quinientas=500 "
    "seiscientos=600 seiscientas=600 setecientos=700 setecientas=700 ochocientos=800 "
    "ochocientas=800 novecientos=900 novecientas=900",
    "ar": "واحدة=1 اثنين=2 اثنتان=2 اثنتين=2 اثنا=2 اثني=2 اثنتا=2 اثنتي=2 إثنان=2 ثلاث=3 أربع=4 "
    "خمس=5 ست=6 سبع=7 ثمان=8 ثماني=8 تسع=9 عشر=10 عشرون=20 عشرين=20 ثلاثون=30 ثلاثين=30 "
    "أربعون=40 أربعين=40 خمسون=50 خمسين=50 ستون=60 ستين=60 سبعون=70 سبعين=70 ثمانون=80 ثمانين=80 "
    "تسعون=90 تسعين=90 مئتان=200 مئتين=200 مائتان=200 مائتين=200 مئتا=200 مئتي=200 مائتا=200 "
    "مائتي=200 ثلاثمئة=300 ثلاثمائة=300 أربعمئة=400 أربعمائة=400 خمسمئة=500 خمسمائة=500 ستمئة=600 "
    "ستمائة=600 سبعمئة=700 سبعمائة=700 ثمانمئة=800 ثمانمائة=800 ثمانيمائة=800 تسعمئة=900 "
    "تسعمائة=900 ألفان=2000 ألفين=2000 ألفا=2000 ألفي=2000 مليونان=2000000 مليونين=2000000 "
    "مليارين=2000000000 ملياران=2000000000",
}
_SCALES = {
    "en": "hundred=100 thousand=1e3 million=1e6 mn=1e6 billion=1e9 bn=1e9 trillion=1e12 dozen=12",
    "fr": "cent=100 cents=100 mille=1e3 million=1e6 millions=1e6 milliard=1e9 milliards=1e9 "
    "billion=1e12 billions=1e12 douzaine=12",
    "es": "cien=100 mil=1e3 millón=1e6 millones=1e6 billón=1e12 billones=1e12 docena=12",
    "ar": "مئة=100 مائة=100 ألف=1e3 ألفا=1e3 آلاف=1e3 مليون=1e6 مليونا=1e6 ملايين=1e6 "
    "مليار=1e9 مليارا=1e9 مليارات=1e9 بليون=1e9 تريليون=1e12 تريليونات=1e12",
}
_VAGUE = {
    "en": "dozens=12 hundreds=100 thousands=1e3 millions=1e6 billions=1e9",
    "fr": "dizaines=10 douzaines=12 centaine=100 centaines=100 millier=1e3 milliers=1e3 "
    "millions=1e6 milliards=1e9",
    "es": "decenas=10 docenas=12 centenar=100 centenares=100 cientos=100 miles=1e3 millares=1e3 "
    "millones=1e6",
    "ar": "عشرات=10 مئات=100 آلاف=1e3 ألوف=1e3 ملايين=1e6 مليارات=1e9",
}
_ORDINALS = {
    "en": "first=1 second=2 third=3 fourth=4 fifth=5 sixth=6 seventh=7 eighth=8 ninth=9 tenth=10 "
    "eleventh=11 twelfth=12 thirteenth=13 fourteenth=14 fifteenth=15 sixteenth=16 seventeenth=17 "
    "eighteenth=18 nineteenth=19 twentieth=20 thirtieth=30 fiftieth=50 hundredth=100",
    "fr": "premier=1 première=1 premiers=1 premières=1 deuxième=2 second=2 seconde=2 troisième=3 "
    "quatrième=4 cinquième=5 sixième=6 septième=7 huitième=8 neuvième=9 dixième=10 onzième=11 "
    "douzième=12 treizième=13 quatorzième=14 quinzième=15 seizième=16 vingtième=20",
    "es": "primer=1 primero=1 primera=1 primeros=1 primeras=1 segundo=2 segunda=2 tercer=3 "
    "tercero=3 tercera=3 cuarto=4 cuarta=4 quinto=5 quinta=5 sexto=6 sexta=6 séptimo=7 séptima=7 "
    "octavo=8 octava=8 noveno=9 novena=9 décimo=10 décima=10 undécimo=11 undécima=11 "
    "duodécimo=12 duodécima=12 vigésimo=20 vigésima=20",
    "ar": "أول=1 أولى=1 ثاني=2 ثانية=2 ثالث=3 ثالثة=3 رابع=4 رابعة=4 خامس=5 خامسة=5 سادس=6 سادسة=6 "
    "سابع=7 سابعة=7 ثامن=8 ثامنة=8 تاسع=9 تاسعة=9 عاشر=10 عاشرة=10 حادي=1 حادية=1",
}
_FRACTIONS = {
    "en": "half=1/2",
    "fr": "moitié=1/2 demi=1/2 demie=1/2 tiers=1/3",
    "es": "mitad=1/2 tercio=1/3",
    "ar": "نصف=1/2 ثلث=1/3 ثلثا=2/3 ثلثي=2/3 ثلثين=2/3 ربع=1/4",
}
# They bear a number out but do not claim one.
_LOOSE = {
    "en": "both=2 twice=2 double=2 doubled=2 pair=2 couple=2 twin=2 two-fold=2 once=1 single=1 "
    "triple=3 tripled=3 quarter=1/4 sole=1 decade=10 decades=10 fortnight=14",
    "fr": "double=2 doublé=2 couple=2 paire=2 triple=3 quart=1/4 seul=1 seule=1 unique=1 "
    "dizaine=10 décennie=10 vingtaine=20 cinquantaine=50 quinzaine=15 demi-=1/2",
    "es": "ambos=2 ambas=2 doble=2 duplicó=2 par=2 pareja=2 triple=3 único=1 única=1 sola=1 solo=1 "
    "medio=1/2 media=1/2 decena=10 década=10 quincena=15",
    "ar": "كلا=2 كلتا=2 كلاهما=2 كليهما=2 ضعف=2 ضعفي=2 زوج=2 زوجان=2 مرتين=2 مرتان=2 عامين=2 "
    "عامان=2 سنتين=2 سنتان=2 شهرين=2 شهران=2 يومين=2 يومان=2 أسبوعين=2 أسبوعان=2 "
    "وحيد=1 وحيدة=1 فرد=1 عقد=10",
}
DOUBTFUL = {
    "en": "zero one second first".split(),
    "fr": "zéro un une neuf second seconde premier première premiers premières".split(),
    "es": "cero un uno una once segundo segunda primer primero primera primeros primeras cuarto "
    "cuarta "
    "quinta".split(),
    "ar": "واحد واحدة ست ستة أول أولى ثاني ثانية ألفا ألفي حادي حادية ربع عشر صفر ألف".split(),
}
UNITS = {
    "year": "year years yr yrs an ans année années año años سنة سنوات سنين عام أعوام عاما عامًا",
    "month": "month months mois mes meses شهر أشهر شهور شهرا",
    "week": "week weeks semaine semaines semana semanas أسبوع أسابيع أسبوعا",
    "day": "day days jour jours día días يوم أيام يوما",
    "hour": "hour hours heure heures hora horas ساعة ساعات",
    "minute": "minute minutes minuto minutos دقيقة دقائق",
    "kilometre": "km kilometer kilometers kilometre kilometres kilomètre kilomètres kilómetro "
    "kilómetros كيلومتر كيلومترات كيلومترا كم",
    "mile": "mile miles mi milla millas ميل أميال ميلا",
    "metre": "m meter meters metre metres mètre mètres metro metros متر أمتار مترا",
    "foot": "ft foot feet pied pieds pie pies قدم أقدام قدما",
    "kilogram": "kg kilogram kilograms kilogramme kilogrammes kilogramo kilogramos كيلوغرام "
    "كيلوجرام",
    "tonne": "tonne tonnes ton tons tonelada toneladas طن أطنان طنا",
    "euro": "€ eur euro euros يورو",
    "dollar": "$ us$ usd dollar dollars dólar dólares دولار دولارا دولارات",
    "pound": "£ gbp livre livres libra libras جنيه",
}
_PERCENT = {
    "%", "٪", "percent", "pct", "per cent", "pour cent", "por ciento", "في المئه", "في المائه",
    "بالمئه", "بالمائه", "في الميه",
}  # fmt: skip
_POINTS = {
    "percentage point", "percentage points", "points de", "point de", "puntos porcentuales",
    "punto porcentual", "نقطه مئويه", "نقاط مئويه",
}  # fmt: skip
PERCENT = frozenset(fold(phrase) for phrase in _PERCENT)
POINTS = frozenset(fold(phrase) for phrase in _POINTS)
JOINERS = {"en": "and", "fr": "et", "es": "y", "ar": "و"}


@lru_cache(maxsize=64)
def table(kind: str, language: str) -> Mapping[str, Fraction]:
    """Values of folded words; `kind` is small, scale, vague, ordinal, fraction or loose. Empty
    for a language without a table."""
    if kind == "small":
        names = enumerate(_SMALL.get(language, "").split())
        found = {fold(word): Fraction(value) for value, word in names}
        return {**found, **_parsed(_MORE.get(language, ""))}
    tables = {
        "scale": _SCALES, "vague": _VAGUE, "ordinal": _ORDINALS, "fraction": _FRACTIONS,
        "loose": _LOOSE,
    }  # fmt: skip
    return _parsed(tables[kind].get(language, ""))


def _parsed(entries: str) -> dict[str, Fraction]:
    pairs = (entry.partition("=") for entry in entries.split())
    return {fold(word): Fraction(value) for word, _, value in pairs}


@lru_cache(maxsize=1)
def unit_names() -> Mapping[str, str]:
    """Canonical unit of each folded form."""
    return {fold(form): unit for unit, forms in UNITS.items() for form in forms.split()}


@lru_cache(maxsize=8)
def doubtful(language: str) -> frozenset[str]:
    return frozenset(fold(word) for word in DOUBTFUL.get(language, ()))
