import pytest

from rag.check.cited import dated_by_neighbour
from rag.check.facts import find_names
from rag.check.moments import find_moments
from rag.check.rendering import SAME_SOUND, Renderer, sound
from rag.question.query import shipped_translator
from rag.words.polarity import any_negations, firm_negations, poles, universals
from rag.words.text import fold, words


@pytest.fixture(scope="module")
def renderer():
    return Renderer(shipped_translator())


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "The mayor of Strumica met Monica Muga.", {"strumica", "monica", "muga"}),
        ("en", "Kenya adopted plans.", {"kenya"}),
        ("en", "Plans were adopted in December.", set()),
        ("fr", "Selon le rapport, l'Ouganda a revu sa stratégie.", {"ouganda"}),
        ("es", "El alcalde de Nansana habló.", {"nansana"}),
    ],
)
def test_capitals_inside_a_sentence_are_names(language, text, expected, renderer):
    assert {name.word for name in find_names(text, language, renderer)} == expected


def test_arabic_names_are_found_without_capitals(renderer):
    found = {n.word for n in find_names("التقى العمدة كوستادينوف في كينيا", "ar", renderer)}
    assert {"كوستادينوف", "كينيا"} <= found
    assert "العمده" not in found


@pytest.mark.parametrize(
    ("arabic", "latin", "same"),
    [
        ("كيسومو", "kisumu", True),
        ("ممباسا", "mombasa", True),
        ("ماكرون", "macron", True),
        ("كيسومو", "kitui", False),
        ("ممباسا", "nairobi", False),
    ],
)
def test_names_are_the_same_by_sound(arabic, latin, same):
    assert (sound(arabic, latin) >= SAME_SOUND) is same


@pytest.mark.parametrize(
    ("language", "text", "count"),
    [
        ("en", "They did not agree.", 1),
        ("en", "They don't agree.", 1),
        ("en", "Not only cities joined.", 0),
        ("fr", "Ils ne sont pas d'accord.", 1),
        ("fr", "Il n'y a que trois villes.", 0),
        ("es", "Sin embargo, vinieron.", 0),
        ("es", "No vinieron.", 1),
        ("ar", "لم يوافق المجلس", 1),
        ("ar", "ولا سيما المدن", 0),
    ],
)
def test_firm_negations_are_counted_once(language, text, count):
    assert len(firm_negations(words(fold(text)), language)) == count


def test_soft_negations_bear_a_firm_one_out_but_are_none():
    tokens = words(fold("The council failed to agree."))
    assert any_negations(tokens, "en")
    assert firm_negations(tokens, "en") == []


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("en", "numbers rose", "numbers fell"),
        ("fr", "une hausse", "une baisse"),
        ("es", "antes de la cumbre", "después de la cumbre"),
        ("ar", "ارتفاع العدد", "انخفاض العدد"),
    ],
)
def test_opposites_lie_on_two_sides_of_one_pair(language, one, other):
    first = {(pair, side) for _, pair, side in poles(words(fold(one)), language)}
    second = {(pair, 1 - side) for _, pair, side in poles(words(fold(other)), language)}
    assert first & second


def test_at_all_is_not_all():
    assert universals(words("none at all"), "en", claimed=True) == []
    assert universals(words("all cities"), "en", claimed=True) == [0]


def test_a_date_takes_the_year_that_follows_it_in_its_sentence():
    found = dated_by_neighbour(find_moments("from 24 August to 5 September 2021", "en"))
    assert [(m.year, m.month, m.day) for m in found] == [(2021, 8, 24), (2021, 9, 5)]
