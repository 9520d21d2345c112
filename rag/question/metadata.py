"""What a question asks of the catalogue: which documents, by language, year and place; how many;
the newest or the oldest; or what the collection is.

Only asked where a head says that the catalogue is meant and not the text
(`rag.question.classify`). Reads names of languages (CLDR), years, countries and cities; a question
that names a topic besides is left to the search. Knows no passage.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from rag.index.generation import Generation
from rag.question.classify import Nature
from rag.question.exclusion import excludes
from rag.question.mentions import Mention, mentions
from rag.question.query import Question
from rag.types import SourceDocument
from rag.words.text import fold, terms, words

FIRST_YEAR, LAST_YEAR = 0, 9999
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
# Words of what the catalogue is asked for; what else a question names is its topic.
_GENERAL = {
    "en": "document documents report reports brief briefs paper papers publication publications "
    "text texts file files source sources collection library catalogue catalog title "
    "titles list show tell give see find read all every any many much number count "
    "available published publish released release issued appeared written dated date year "
    "years language languages version versions newest latest recent new oldest earliest "
    "old first last about contain contains content contents cover covers deal topic "
    "topics theme themes subject subjects kind kinds there exist have has hold held "
    "included include overview summary summarise summarize sum outline gist point main "
    "key concerning regarding relating since before after between until roughly exactly "
    "what which you your docs doc everything anything full complete altogether total here "
    "look wish want need please pls wich u got do does are is in listed together so far",
    "fr": "document documents rapport rapports note notes publication publications texte textes "
    "fichier fichiers source sources collection bibliothèque catalogue titre titres liste "
    "lister montre montrez donne donnez affiche affichez tous toutes tout nombre combien "
    "disponible disponibles publié publiés publiée publiées paru parus parue parues sorti "
    "daté date année années langue langues version versions récent récents récente "
    "nouveau nouveaux nouvelle dernier derniers dernière ancien ancienne vieux premier "
    "sujet sujets thème thèmes parle parlent porte portent concerne concernant traite "
    "traitent contient contenu genre existe avez trouve aperçu résumé résumer résume "
    "points clés principaux depuis avant après entre jusque quel quels quelle quelles "
    "docs doc dispo cherche cherchons veux voudrais voir complète complet fonds "
    "documentaire datés datée svp quoi dont aucun",
    "es": "documento documentos informe informes nota notas publicación publicaciones texto "
    "textos archivo archivos fuente fuentes colección biblioteca catálogo título títulos "
    "lista muestra muéstrame dame enseña todos todas todo número cuántos cuántas "
    "disponible disponibles publicado publicados publicada publicadas salió fecha año "
    "años idioma idiomas lengua versión versiones reciente recientes nuevo nuevos último "
    "últimos última antiguo antigua viejo primero tema temas asunto trata tratan habla "
    "hablan sobre contiene contenido tipo hay existe tiene tienen resumen resume resumir "
    "puntos clave principales desde antes después entre hasta qué cuáles cuál docs doc "
    "pásame pasame listado completo completa porfa favor va van tenés tenes tienes quiero "
    "ver vieja che en total",
    "ar": "وثيقة وثائق الوثيقة الوثائق تقرير تقارير التقرير التقارير موجز موجزات مستند مستندات "
    "المستندات ملف ملفات الملفات نص نصوص النصوص منشور منشورات المنشورات مصدر مصادر صفحة "
    "صفحات مجموعة المجموعة مكتبة المكتبة فهرس الفهرس عنوان عناوين قائمة اعرض اذكر أعطني "
    "جميع كل عدد كم متاحة متوفرة موجودة نشر نشرت صدر صدرت تاريخ سنة سنوات عام لغة اللغة "
    "باللغة نسخة نسخ أحدث الأحدث جديد أقدم الأقدم أول آخر موضوع مواضيع موضوعات تتحدث "
    "تتناول تخص المتعلقة متعلقة حول عن تحتوي محتوى نوع أنواع لخص ملخص تلخيص خلاصة أبرز "
    "نقاط رئيسية يوجد توجد لديكم عندكم منذ قبل بعد بين حتى شو ايش وش شنو اللي ابغى ابغي "
    "بدي عايز عاوز أريد بكل كلها "
    "إسباني كامل كاملة لو سمحت من فضلك فيها هنا",
}
# One of these must be asked for: documents for a list, several of them or the collection for what
# there is at all.
_DOCUMENTS = {
    "en": "document doc report brief paper publication text title file",
    "fr": "document doc rapport note publication texte titre fichier",
    "es": "documento doc informe nota publicación texto título archivo",
    "ar": "وثيقة تقرير موجز مستند ملف نص منشور وثائق تقارير موجزات مستندات ملفات نصوص منشورات "
    "الوثائق التقارير الموجزات المستندات الملفات النصوص المنشورات",
}
_COLLECTION = {
    "en": "collection library catalogue catalog documents docs reports briefs publications titles",
    "fr": "collection bibliothèque catalogue fonds documents docs rapports notes publications",
    "es": "colección biblioteca catálogo documentos docs informes notas publicaciones",
    "ar": "المجموعة مجموعة المكتبة مكتبة الفهرس الوثائق وثائق التقارير تقارير المستندات الموجزات",
}
_OLDEST = {"en": "oldest earliest", "fr": "ancien ancienne vieux", "es": "antiguo antigua viejo",
           "ar": "أقدم الأقدم"}  # fmt: skip
_NEWEST = {"en": "newest latest", "fr": "dernier dernière", "es": "último última",
           "ar": "أحدث الأحدث آخر"}  # fmt: skip
_SINCE = {"en": "since from", "fr": "depuis", "es": "desde", "ar": "منذ"}
_AFTER = {"en": "after", "fr": "après", "es": "después", "ar": "بعد"}
_UNTIL = {"en": "until", "fr": "jusque jusqu", "es": "hasta", "ar": "حتى"}
_BEFORE = {"en": "before", "fr": "avant", "es": "antes", "ar": "قبل"}
_BY_METADATA = ("thing", "number", "yesno")  # what the catalogue's lists answer

Order = Literal["", "newest", "oldest"]


@dataclass(frozen=True, slots=True)
class MetadataQuery:
    """What documents are asked for; empty fields ask for nothing."""

    languages: frozenset[str] = frozenset()
    years: tuple[int, int] = (FIRST_YEAR, LAST_YEAR)
    countries: frozenset[str] = frozenset()
    cities: frozenset[str] = frozenset()
    order: Order = ""  # the last or the first few of them
    whole: bool = False  # the collection as such is asked for

    def matches(self, document: SourceDocument) -> bool:
        """Whether the catalogue says of a document what is asked for."""
        if self.languages and document.language not in self.languages:
            return False
        if self.years != (FIRST_YEAR, LAST_YEAR):
            year = document.date[:4]
            if not year.isdecimal() or not self.years[0] <= int(year) <= self.years[1]:
                return False
        if self.cities:  # in a country or not
            return bool(self.cities & set(document.cities))
        return not self.countries or bool(self.countries & set(document.countries))

    def is_subject_of(self, document: SourceDocument) -> bool:
        """Whether a document is about the places asked for and no others of the kind."""
        if self.cities:
            return set(document.cities) <= self.cities
        return not self.countries or set(document.countries) <= self.countries


def metadata_query(
    question: Question, nature: Nature, generation: Generation
) -> MetadataQuery | None:
    """What a question asks of the catalogue; None where the text is meant, or a topic is named
    that the catalogue does not know."""
    if not nature.catalogue or question.language not in _GENERAL or excludes(question):
        return None
    if nature.asks not in _BY_METADATA or not (
        _says(question, _COLLECTION) or _names_documents(question)
    ):
        return None
    languages = _languages_named(question, generation)
    known = tuple(city for city, _ in generation.store.facet_counts("city"))
    found = mentions(question.text, question.language, known, question.glossary)
    places = [m for m in found if m.kind == "place" and fold(m.text) not in languages]
    if _topic(question, [m for m in found if m in places or m.kind == "year"], set(languages)):
        return None
    order: Order = ""
    if nature.shape == "latest" or _says(question, _NEWEST):
        order = "newest"
    if _says(question, _OLDEST):
        order = "oldest"
    query = MetadataQuery(
        languages=frozenset(languages.values()),
        years=_years_named(question),
        countries=frozenset(m.key for m in places if m.is_country),
        cities=frozenset(m.key.removeprefix("city:") for m in places if not m.is_country),
        order=order,
    )
    if query == MetadataQuery():
        return replace(query, whole=True) if _says(question, _COLLECTION) else None
    return query


def _names_documents(question: Question) -> bool:
    """Whether documents are named, in any form of the word."""
    language = question.language
    nouns = terms(_DOCUMENTS[language], language)
    return bool(set(nouns) & set(terms(question.text, language)))


def _topic(question: Question, named: Sequence[Mention], languages: set[str]) -> bool:
    """Whether words are left that neither ask nor name what the catalogue knows."""
    left, at = [], 0
    for mention in named:
        left.append(question.text[at : mention.start])
        at = mention.end
    rest = terms(" ".join([*left, question.text[at:]]), question.language)
    general = set(general_terms(question.language))
    general.update(term for word in languages for term in terms(word, question.language))
    return any(len(term) > 1 and term not in general for term in rest)


@lru_cache(maxsize=8)
def general_terms(language: str) -> frozenset[str]:
    """Terms that ask for documents and name no topic."""
    return frozenset(terms(_GENERAL.get(language, ""), language))


def _languages_named(question: Question, generation: Generation) -> dict[str, str]:
    """Folded word -> the language it names, of those that the collection has and of the four that
    people ask in."""
    codes = {code for code, _ in generation.store.facet_counts("language")} | set(_GENERAL)
    names = {
        term: code
        for code in sorted(codes - {"und"})
        for term in terms(_language_name(code, question.language), question.language)
    }
    said = {word: terms(word, question.language) for word in words(fold(question.text))}
    return {word: names[found[0]] for word, found in said.items() if found and found[0] in names}


@lru_cache(maxsize=256)
def _language_name(code: str, language: str) -> str:
    from rag.wording import language_name

    return language_name(code, language)


def _years_named(question: Question) -> tuple[int, int]:
    years = sorted(int(year) for year in _YEAR.findall(fold(question.text)))
    if not years:
        return FIRST_YEAR, LAST_YEAR
    first, last = years[0], years[-1]
    if first == last:
        if _says(question, _SINCE) or _says(question, _AFTER):
            return first + _says(question, _AFTER), LAST_YEAR
        if _says(question, _UNTIL) or _says(question, _BEFORE):
            return FIRST_YEAR, last - _says(question, _BEFORE)
    return first, last


def _says(question: Question, listed: Mapping[str, str]) -> bool:
    own = set(words(fold(listed[question.language])))
    return bool(own & set(words(fold(question.text))))
