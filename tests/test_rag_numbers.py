from fractions import Fraction

import pytest

from rag.check.moments import Moment, find_moments
from rag.check.numbers import find_numbers


def read(text, language):
    return [(n.values[0], n.kind, n.unit) for n in find_numbers(text, language)]


def only(text, language):
    (number,) = find_numbers(text, language)
    return number


@pytest.mark.parametrize(
    ("language", "text", "value"),
    [
        ("en", "1,234 cities", 1234),
        ("es", "1.234 ciudades", 1234),
        ("fr", "1 234 villes", 1234),
        ("fr", "1\u202f234 villes", 1234),
        ("ar", "١٬٢٣٤ مدينة", 1234),
        ("ar", "۴۷ مدينة", 47),
        ("en", "two hundred and five cities", 205),
        ("en", "twenty-three cities", 23),
        ("fr", "quatre-vingt-dix-sept villes", 97),
        ("fr", "soixante et onze villes", 71),
        ("fr", "deux mille trois cents villes", 2300),
        ("es", "treinta y una ciudades", 31),
        ("es", "dos mil millones de personas", 2_000_000_000),
        ("es", "veintitrés ciudades", 23),
        ("ar", "ثلاثة وعشرون مدينة", 23),
        ("ar", "بخمس مدن", 5),
        ("ar", "خمسة عشر وفدًا", 15),
        ("ar", "مئة وخمسة وعشرون وفدا", 125),
        ("ar", "مليونين وثلاثمئة ألف نسمة", 2_300_000),
        ("ar", "و٤٧ مقاطعة", 47),
        ("en", "3.5 million people", 3_500_000),
        ("fr", "3,5 millions de personnes", 3_500_000),
        ("en", "a dozen cities", 12),
        ("en", "two thirds of them", Fraction(2, 3)),
        ("fr", "les trois quarts", Fraction(3, 4)),
        ("ar", "نصف المدن", Fraction(1, 2)),
    ],
)
def test_a_number_is_read_however_it_is_written(language, text, value):
    assert only(text, language).values[0] == value


def test_half_bears_out_fifty_per_cent_and_no_other_share():
    half = only("half of the cities", "en")
    assert half.bears_out(only("٥٠ في المئة", "ar"))
    assert not half.bears_out(only("49 %", "en"))


@pytest.mark.parametrize(
    ("source", "claim"),
    [
        ("5 percent", "5 percentage points"),
        ("3 months", "3 years"),
        ("3 million", "3 thousand"),
        ("12 cities", "12 percent"),
        ("COVID-19", "19 cities"),
        ("the fifth", "5 cities"),
        ("millions", "thousands"),
        ("$5", "5 euros"),
    ],
)
def test_the_same_digits_with_another_meaning_do_not_bear_out(source, claim):
    assert not only(source, "en").bears_out(only(claim, "en"))


def test_units_are_one_across_languages():
    assert only("cinq ans", "fr").bears_out(only("٥ سنوات", "ar"))
    assert not only("cinq mois", "fr").bears_out(only("٥ سنوات", "ar"))


def test_vague_words_stand_for_a_range():
    assert only("3,450 people", "en").bears_out(only("des milliers de personnes", "fr"))
    assert not only("345 people", "en").bears_out(only("thousands", "en"))


@pytest.mark.parametrize(
    ("language", "text"),
    [("en", "one of them"), ("fr", "une ville"), ("es", "un informe"), ("ar", "واحد منهم")],
)
def test_an_article_claims_no_number(language, text):
    assert not any(number.claimed for number in find_numbers(text, language))


def test_a_long_hostile_text_is_read_to_its_end():
    for text in ("1,2" * 7000, "twenty and " * 2000, "و" * 20000, "١٬" * 10000, "1 234 " * 4000):
        for language in ("en", "ar"):
            found = [*find_numbers(text, language), *find_moments(text, language)]
            assert all(0 <= one.start < one.end <= len(text) for one in found)
            assert all(one.start == 0 for one in find_numbers(f"7 {text}", language)[:1])


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "21 December 2024", (2024, 12, 21)),
        ("en", "December 21st, 2024", (2024, 12, 21)),
        ("fr", "1er mai 2020", (2020, 5, 1)),
        ("es", "21 de diciembre de 2024", (2024, 12, 21)),
        ("ar", "21 كانون الأول/ديسمبر 2024", (2024, 12, 21)),
        ("ar", "يوليوز ٢٠٢٠", (2020, 7, 0)),
        ("ar", "جويلية 2021", (2021, 7, 0)),
        ("en", "2024-12-21", (2024, 12, 21)),
        ("fr", "fin mai", (0, 5, 0)),
    ],
)
def test_dates_are_read_as_far_as_they_go(language, text, expected):
    (moment,) = find_moments(text, language)
    assert (moment.year, moment.month, moment.day) == expected


def test_both_days_of_a_range_are_read():
    found = find_moments("من 3 إلى 5 ديسمبر 2024", "ar")
    assert [(m.day, m.month, m.year) for m in found] == [(3, 12, 2024), (5, 12, 2024)]


def test_may_the_verb_and_mars_the_planet_are_no_months():
    assert find_moments("It may rain, they may go.", "en") == ()
    assert find_moments("la planète rouge, Mars, est loin", "fr") == ()


def test_a_coarser_date_is_borne_out_and_a_finer_one_is_not():
    day, month = Moment(0, 0, 2024, 12, 21), Moment(0, 0, 2024, 12)
    assert day.says(month)
    assert not month.says(day)
    assert Moment(0, 0, 0, 12, 21).says(day, frozenset({2024}))
    assert not Moment(0, 0, 2023, 12, 21).says(day, frozenset({2024}))


def test_numbers_inside_dates_can_be_left_out():
    text = "On 21 December 2024 there were 40 cities."
    spans = [(m.start, m.end) for m in find_moments(text, "en")]
    assert [n.values[0] for n in find_numbers(text, "en", spans)] == [40]


@pytest.mark.parametrize("language", ["en", "ar", "fr", "es"])
@pytest.mark.parametrize(
    ("text", "values"), [("In 2021⁴⁷ it had 12² seats.", [2021, 12]), ("① and ₅ of ㉑", []),
                         ("x⁹ ½ ⒈ Ⅻ", [])]
)  # fmt: skip
def test_digits_of_footnotes_and_lists_are_no_numbers(text, values, language):
    found = [n.values[0] for n in find_numbers(text, language) if n.kind == "plain"]
    assert [v for v in found if v.denominator == 1] == values
