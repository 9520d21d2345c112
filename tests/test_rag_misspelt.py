"""A word with a typing error stands for the words of the index that it may be meant as."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rag.embed import HashEmbedder
from rag.index.spellings import SpellingIndex
from rag.question.misspelt import meant, swapped
from rag.question.query import Identity, Question, understand
from rag.words.text import is_gram, terms

INDEXED = "county counties prevention structure council Kenya mayor plans strategy cooperation"


class Dictionary(Identity):
    """A translator that knows one word more than the index."""

    def __init__(self, *known: str) -> None:
        self.known = frozenset(known)

    def knows(self, term: str, language: str) -> bool:
        return term in self.known


def spellings(text: str = INDEXED, language: str = "en") -> SpellingIndex:
    return SpellingIndex.build(terms(text, language))


def asked(text: str, language: str = "en", known: tuple[str, ...] = ()) -> Question:
    index = {"en": spellings(), "ar": spellings("المقاطعات المجلس الوقاية كينيا", "ar")}
    question = understand(text, HashEmbedder(), Dictionary(*known), spellings=index)
    assert question.language == language
    return question


@pytest.mark.parametrize(
    ("word", "term"),
    [
        ("conty", "counti"),  # a letter missing
        ("countty", "counti"),  # added
        ("coumty", "counti"),  # changed
        ("conuty", "counti"),  # two swapped
        ("preventoin", "prevent"),  # in the ending that the stemmer takes off
        ("strutcure", "structur"),
        ("keyna", "kenya"),
        ("strutcre", "structur"),  # two errors in a long word
    ],
)
def test_one_error_finds_the_word_of_the_index(word, term):
    assert meant(word, "en", spellings()) == {term: 1.0}


@pytest.mark.parametrize("word", ["county", "counties", "mayor"])
def test_a_word_of_the_index_stands_for_itself(word):
    assert meant(word, "en", spellings()) == {}


@pytest.mark.parametrize("word", ["myr", "volcano", "47", "c0unty", "x", "😀"])
def test_short_words_numbers_and_words_far_from_all_are_left_alone(word):
    assert meant(word, "en", spellings()) == {}


def test_several_words_share_the_weight():
    found = meant("cown", "en", spellings("town gown council"))
    assert set(found) == {"town", "gown"}
    assert sum(found.values()) == pytest.approx(1)


def test_arabic_words_are_mended_too():
    index = spellings("المقاطعات المجلس الوقاية", "ar")
    assert set(meant("المقاطعت", "ar", index)) == set(terms("المقاطعات", "ar"))


def test_a_question_is_searched_by_what_it_means():
    assert asked("How did Kenya strcuture the conuty?").words("en") == [
        {"kenya": 1.0}, {"structur": 1.0}, {"counti": 1.0},
    ]  # fmt: skip


def test_a_word_that_the_dictionary_has_stays_and_is_only_helped():
    """ "Conty" is a name somewhere; a sentence about a county does not cover it."""
    (word,) = asked("What is the conty?", known=("conti",)).words("en")
    assert word["conti"] > word["counti"] > 0
    assert sum(word.values()) == pytest.approx(1)


def test_a_word_of_another_language_of_the_collection_is_no_slip():
    """It is searched as it is in that language."""
    seen = []

    class Listening(Identity):
        def distributions(self, question, source, target, spellings=None):
            seen.append(question)
            return super().distributions(question, source, target, spellings)

    index = {"en": spellings("the comet came"), "fr": spellings("les plans de comté", "fr")}
    question = understand("Which plans d'action de comté?", HashEmbedder(), Listening(),
                          spellings=index)  # fmt: skip
    question = replace(question, language="en")
    question.index_terms("fr")
    assert seen == ["Which plans d'action de comté?"]
    assert question.words("en")[-1]["comt"] == max(question.words("en")[-1].values())


def test_function_words_with_swapped_letters_are_dropped():
    assert asked("Hwo did Kenya structure the county?").words("en")[0] == {"kenya": 1.0}
    assert swapped("waht") == {"awht", "what", "wath"}


def test_an_abbreviation_is_not_a_slip_of_a_function_word():
    assert {"wto": 1.0} in asked("What is the WTO in Kenya?").words("en")


def test_names_are_known_by_what_they_are_meant_as():
    assert asked("Did Keyna plan?").renderings("keyna", "en") == {"keyna", "kenya"}


def test_arabic_4_grams_are_those_of_the_word_and_of_what_it_means():
    found = asked("ما هي المقاطعت؟", "ar").index_terms("ar")
    words = [word for word in found if not is_gram(next(iter(word)))]
    assert words == [dict.fromkeys(terms("المقاطعات", "ar"), 1.0)]
    assert found[: len(words)] == words  # 4-grams come last


def test_a_question_without_slips_is_searched_as_before():
    text = "How did Kenya structure its county plans?"
    question = asked(text)
    assert question.index_terms("en") == [{term: 1.0} for term in terms(text, "en")]


def test_across_languages_the_mended_words_are_translated():
    seen = []

    class Listening(Identity):
        def distributions(self, question, source, target, spellings=None):
            seen.append(question)
            return super().distributions(question, source, target, spellings)

    index = {"en": spellings()}
    question = understand("Where is the conuty?", HashEmbedder(), Listening(), spellings=index)
    question.index_terms("fr")
    assert seen == ["Where is the counti"]


def test_without_an_index_of_its_language_nothing_is_mended():
    question = understand("Where is the conuty?", HashEmbedder(), Identity())
    assert question.index_terms("en") == [{"conuti": 1.0}]


@pytest.mark.parametrize(
    "text", ['Where is the "conuty"?', "Where is the (conuty)", "the conuty!)"]
)
def test_a_slip_in_quotes_or_brackets_is_translated_mended(text):
    seen = []

    class Listening(Identity):
        def distributions(self, question, source, target, spellings=None):
            seen.append(question)
            return super().distributions(question, source, target, spellings)

    question = understand(text, HashEmbedder(), Listening(), spellings={"en": spellings()})
    question.index_terms("fr")
    assert seen[0].endswith("the counti")


def test_a_word_longer_than_any_is_left_alone():
    """Its neighbours would be tens of thousands."""
    long = "county" * 6
    index = SpellingIndex.build([f"{long}s", *terms(INDEXED, "en")])
    assert meant(long[:-1], "en", index) == {}
    assert meant("contycounty", "en", SpellingIndex.build(["countycounty"])) == {
        "countycounty": 1.0
    }


@pytest.mark.parametrize(
    ("word", "name"),
    [("elsayed", "sayed"), ("yousef", "yusuf"), ("alexander", "aleksandr"),
     ("katarzyna", "catarzyna"), ("houssein", "hussain")],
)  # fmt: skip
def test_a_name_is_found_as_it_sounds(word, name):
    index = SpellingIndex.build([*terms(INDEXED, "en"), name])
    assert meant(word, "en", index, named=True) == {name: 1.0}
    assert meant("elsayed", "en", index) == {}  # only what is written as a name


def test_names_that_sound_otherwise_stay_apart():
    index = SpellingIndex.build(["sayed", "hussain"])
    assert meant("elsawi", "en", index, named=True) == {}
    assert meant("hamdoun", "en", index, named=True) == {}


@pytest.mark.parametrize(
    ("word", "other"),
    [("seoul", "school"), ("tokyo", "took"), ("messi", "mass"), ("banana", "albania")],
)  # fmt: skip
def test_words_with_few_consonants_sound_like_too_many(word, other):
    assert meant(word, "en", SpellingIndex.build([other]), named=True) == {}


def test_only_what_is_written_as_a_name_is_looked_for_by_its_sound():
    index = {"en": SpellingIndex.build(["aleksandr", "corrupt"])}
    question = understand("what did Alexander say on crypto", HashEmbedder(), spellings=index)
    assert {"aleksandr": 1.0} in question.words("en")
    assert all("corrupt" not in word for word in question.words("en"))
