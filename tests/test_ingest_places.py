"""Countries and cities in four languages and more."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.places import Places, choose, mentions


def codes(text, language="en"):
    return {code for code, _ in mentions(text, language).countries}


def cities(text, language="en"):
    return {city for city, _ in mentions(text, language).cities}


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "Kenya, the U.S. and South Africa; a Ugandan mayor", {"KE", "US", "ZA", "UG"}),
        ("en", "North Macedonia; Kosovo's capital; Bosnia and Herzegovina", {"MK", "XK", "BA"}),
        ("en", "Niger and Nigeria; Guinea-Bissau", {"NE", "NG", "GW"}),
        ("fr", "l’Australie, l'Afrique du Sud et le gouvernement kényan", {"AU", "ZA", "KE"}),
        ("fr", "la Macédoine du Nord, les Pays-Bas, les États-Unis", {"MK", "NL", "US"}),
        ("es", "Sudáfrica, EE. UU., España y el gobierno ugandés", {"ZA", "US", "ES", "UG"}),
        ("ar", "في كينيا وجنوب إفريقيا وبأوغندا ولإيطاليا وللأردن", {"KE", "ZA", "UG", "IT", "JO"}),
        ("ar", "المركز السويدي والحكومة الكينية في مقدونيا الشمالية", {"SE", "KE", "MK"}),
        ("mk", "во Будва, Црна Гора", {"ME"}),
    ],
)
def test_countries_in_any_language(language, text, expected):
    assert codes(text, language) == expected


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "Strumica’s mayor met Gjilan's in Cape Town", {"Strumica", "Gjilan", "Cape Town"}),
        ("fr", "au Cap, à La Haye et à Strasbourg", {"Cape Town", "The Hague", "Strasbourg"}),
        ("es", "en Ciudad del Cabo y Málaga", {"Cape Town", "Málaga"}),
        ("ar", "عمدة ستروميكا في كيب تاون وبنانسانا", {"Strumica", "Cape Town", "Nansana"}),
    ],
)  # fmt: skip
def test_cities_in_any_language(language, text, expected):
    assert cities(text, language) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Michael Jordan met Chad Smith",
        "turkey dinner; guinea pig; a nice day; they bend over",
        "the Niger Delta, New Mexico, the Indian Ocean, the Jordan River, the Paris Agreement",
        "Georgia",
        "let us go; it is up to us",
        "Latin America",
    ],
)
def test_words_that_only_look_like_places(text):
    assert mentions(text, "en") == Places()


def test_an_ambiguous_name_counts_in_company():
    assert codes("Georgia, Armenia and Azerbaijan") == {"GE", "AM", "AZ"}
    assert "GE" not in codes("Savannah, Georgia, is in the United States")
    assert codes("Tripoli, Lebanon") == {"LB"}
    assert cities("Tripoli, Lebanon") == {"Tripoli"}
    assert cities("Tripoli") == set()


def test_amman_and_oman_are_told_by_their_context():
    assert codes("سلطنة عمان ومسقط", "ar") == {"OM"}
    assert cities("عمان عاصمة الأردن", "ar") == {"Amman"}
    assert mentions("في عمان", "ar") == Places()


def test_financial_in_arabic_is_not_mali():
    assert codes("دعم مالي للبلديات", "ar") == set()
    assert codes("مالي وعاصمتها باماكو", "ar") == {"ML"}


def test_a_document_is_about_its_title_and_what_it_repeats():
    body = Places((("KE", 8), ("US", 1), ("UG", 2)), (("Nakuru", 1), ("Lamu", 3)))
    countries, found = choose(Places((), (("Strumica", 1),)), body)
    assert countries == ("KE", "UG", "MK")
    assert found == ("Strumica", "Nakuru", "Lamu")


@given(st.text(), st.sampled_from(["en", "ar", "xx", ""]))
def test_it_never_raises(text, language):
    for _, n in mentions(text, language).countries:
        assert n >= 1
