"""Dates as people write them."""

from __future__ import annotations

import datetime
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.dates import find_dates, parse_date


@pytest.mark.parametrize(
    ("language", "text", "iso"),
    [
        ("en", "on 21 December 2024.", "2024-12-21"),
        ("en", "December 21, 2024", "2024-12-21"),
        ("en", "on 3 – 5 December 2024 for", "2024-12-03"),
        ("en", "From 19—21 September 2023, the", "2023-09-19"),
        ("en", "From 26 June to 4 July 2019", "2019-06-26"),
        ("en", "28 November – 2 December 2024", "2024-11-28"),
        ("en", "the 9th of June 2010", "2010-06-09"),
        ("en", "1st of Sept. 2020", "2020-09-01"),
        ("en", "19/10/2023", "2023-10-19"),
        ("en", "12/21/2024", "2024-12-21"),
        ("en", "2024-12-21T10:00:00+02:00", "2024-12-21"),
        ("fr", "décembre 2024", "2024-12"),
        ("fr", "du 3 au 5 décembre 2024 :", "2024-12-03"),
        ("fr", "le 1er fevrier 2024", "2024-02-01"),
        ("es", "21 de diciembre de 2024", "2024-12-21"),
        ("es", "Del 3 al 5 de diciembre de 2024 la Red", "2024-12-03"),
        ("es", "septiembre de 2023", "2023-09"),
        ("ar", "٢٧/١١/٢٠٢٤", "2024-11-27"),
        ("ar", "في ٢١ ديسمبر ٢٠٢٤", "2024-12-21"),
        ("ar", "21 كانون الأول 2024", "2024-12-21"),
        ("ar", "من 3 إلى 5 كانون الأول/ديسمبر 2024", "2024-12-03"),
        ("ar", "اغسطس 2022", "2022-08"),
        ("ar", "24 و25 أبريل 2023", "2023-04-24"),
        ("de", "3. März 2021", "2021-03-03"),
        ("nl", "van 22 mei 2018 vraagt", "2018-05-22"),
        ("sv", "sedan den 1 januari 2018", "2018-01-01"),
        ("ru", "21 декабря 2024 г.", "2024-12-21"),
        ("mk", "5 септември 2023", "2023-09-05"),
        ("hu", "2024. december 21.", "2024-12-21"),
        ("zh", "2024年12月21日", "2024-12-21"),
        ("klingon", "21 December 2024", "2024-12-21"),
    ],
)
def test_a_date_is_found(language, text, iso):
    assert [date.iso for date in find_dates(text, language)] == [iso]


@pytest.mark.parametrize(
    "text", ["31/02/2024", "2016-2024", "2013-14", "strategy 2023", "99/99/2024"]
)
def test_what_is_no_date_is_not_found(text):
    assert find_dates(text, "en") == ()


def test_dates_come_in_order_with_their_place():
    text = "September 7, 2016. Also Dec 2024; 22–23 January 2025."
    found = find_dates(text, "en")
    assert [text[d.start : d.end] for d in found] == [
        "September 7, 2016", "Dec 2024", "22–23 January 2025",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "iso"),
    [
        (datetime.date(2024, 12, 1), "2024-12-01"),
        (datetime.datetime(2024, 1, 2, 3), "2024-01-02"),
        (2024, "2024"),
        ("2024-12", "2024-12"),
        ("12/2024", "2024-12"),
        ("٢٠٢٤", "2024"),
        ("D:20241221103000Z", "2024-12-21"),
        ("D:2024", "2024"),
        ("\u200f٢٧/١١/٢٠٢٤\u200f", "2024-11-27"),
        ("soon", ""),
        (42, ""),
        (True, ""),
        (None, ""),
        (["2024"], ""),
    ],
)
def test_a_metadata_value_is_parsed_or_refused(value, iso):
    assert parse_date(value, "ar") == iso


@pytest.mark.parametrize("pattern", ["1 ", "12 of ", "May ", "1-", "3 to ", "12" + " " * 99])
def test_hostile_text_costs_no_more_than_its_length(pattern):
    text = pattern * (60_000 // len(pattern)) + "2024"
    start = time.process_time()
    find_dates(text, "en")
    assert time.process_time() - start < 5


@given(st.text(alphabet="0123456789/-. ٢Mayدec:TD"), st.sampled_from(["en", "ar", "fr", "xx"]))
def test_every_result_is_an_iso_date(text, language):
    for date in find_dates(text, language):
        assert 0 <= date.start < date.end <= len(text)
        datetime.date.fromisoformat((date.iso + "-01-01")[:10])
    parse_date(text, language)


@given(st.dates(datetime.date(1900, 1, 1), datetime.date(2099, 12, 31)), st.sampled_from("efas"))
def test_a_written_date_is_read_back(day, which):
    babel_dates = pytest.importorskip("babel.dates")
    language = {"e": "en", "f": "fr", "a": "ar", "s": "es"}[which]
    text = babel_dates.format_date(day, "d MMMM yyyy", locale=language)
    assert [date.iso for date in find_dates(text, language)] == [day.isoformat()]
