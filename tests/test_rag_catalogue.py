"""The catalogue: complete in every language, and counts in the language's own plural."""

import re

import pytest
from babel.messages.pofile import read_po

from rag.catalogue import FALLBACK, FOLDER, knows, languages, messages, name_of, say


def entries(language):
    suffix = "pot" if language == FALLBACK else "po"
    with (FOLDER / f"{language}.{suffix}").open("rb") as file:
        found = read_po(file, locale=None if language == FALLBACK else language, charset="utf-8")
    return {message.context: message for message in found if message.id}


def fields(words):
    return set(re.findall(r"\{(\w+)\}", words))


TRANSLATED = [language for language in languages() if language != FALLBACK]


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_message_is_translated(language):
    english, ours = entries(FALLBACK), entries(language)
    assert ours.keys() == english.keys()
    for key, message in ours.items():
        assert message.id == english[key].id, key
        forms = message.string if isinstance(message.string, tuple) else (message.string,)
        assert all(form.strip() for form in forms), key
        assert not message.fuzzy, key


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_fills_in_nothing_that_the_program_does_not_give(language):
    for key, message in entries(language).items():
        given = fields(message.id if isinstance(message.id, str) else message.id[1])
        if isinstance(message.string, tuple):  # a form may say "one" or "two" in words
            assert all(fields(form) <= given for form in message.string), key
            assert fields(message.string[-1]) == given, key
        else:
            assert fields(message.string) == given, key


@pytest.mark.parametrize(
    ("language", "n", "words"),
    [("en", 1, "1 document"), ("en", 1200, "1,200 documents"), ("fr", 0, "0 document"),
     ("fr", 2, "2 documents"), ("es", 1, "1 documento"), ("ar", 1, "وثيقة واحدة"),
     ("ar", 2, "وثيقتان"), ("ar", 7, "7 وثائق"), ("ar", 34, "34 وثيقة"), ("ar", 100, "100 وثيقة")],
)  # fmt: skip
def test_counts_take_the_plural_of_the_language(language, n, words):
    assert say(language, "count.documents", n=n) == words


@pytest.mark.parametrize(
    ("n", "words"),
    [(2, "عملان"), (10, "10 أعمال"), (11, "11 عملًا"), (99, "99 عملًا"), (100, "100 عمل"),
     (103, "103 أعمال"), (111, "111 عملًا")],
)  # fmt: skip
def test_arabic_counts_by_the_last_two_figures(n, words):
    assert say("ar", "library.works", n=n) == words


def test_a_language_we_do_not_speak_is_answered_in_english():
    assert "sw" not in languages()
    assert say("sw", "chat.ask") == messages("en")["chat.ask"] == "Ask"


def test_a_value_of_an_open_list_is_its_own_name():
    assert name_of("fr", "themes", "youth") == "jeunesse"
    assert name_of("fr", "kinds", "sonnet") == "sonnet"
    assert not knows("kinds.sonnet")
    with pytest.raises(KeyError):
        say("fr", "chat.no_such_message")


def test_a_language_is_added_by_adding_a_file(tmp_path, monkeypatch):
    """What it lacks is said in English."""
    import rag.catalogue as catalogue

    (tmp_path / "en.pot").write_bytes((FOLDER / "en.pot").read_bytes())
    (tmp_path / "mk.po").write_text(
        'msgid ""\nmsgstr ""\n"Language: mk\\n"\n'
        '"Plural-Forms: nplurals=2; plural=(n % 10 != 1);\\n"\n\n'
        'msgctxt "chat.ask"\nmsgid "Ask"\nmsgstr "Прашај"\n',
        "utf-8",
    )
    cached = (catalogue.languages, catalogue._english, catalogue._translations)
    monkeypatch.setattr(catalogue, "FOLDER", tmp_path)
    try:
        for function in cached:
            function.cache_clear()
        assert languages() == ("en", "mk")
        assert say("mk", "chat.ask") == "Прашај"
        assert say("mk", "chat.stop") == "Stop"
    finally:
        for function in cached:
            function.cache_clear()
