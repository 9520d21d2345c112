import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evals.training.alignment import AlignmentSettings, SentencePair, align, conditional
from evals.training.translation_tables import (
    Pruning,
    cldr_units,
    learn,
    marked_stems,
    smoothed,
    text_pairs,
    write_tables,
)
from evals.training.transliteration import clean_names, learn_pieces
from rag.embed import MODELS
from rag.errors import ConfigurationError, IndexDamagedError
from rag.index.lexical import LexicalIndex
from rag.index.spellings import SpellingIndex
from rag.translation.translate import Translator
from rag.translation.transliterate import Transliterator
from rag.words.affixes import cores
from rag.words.text import index_terms, is_gram, terms
from rag.words.vocabulary import Vocabulary

SHIPPED = MODELS / "sanad-tables"
LANGUAGES = ("en", "ar", "fr", "es")


@pytest.fixture(scope="module")
def translator():
    return Translator.open(SHIPPED)


def rendered(translator, word, source, target):
    """Terms of the first distribution, most probable first."""
    found = translator.distributions(word, source, target)[0]
    return sorted(found, key=found.__getitem__, reverse=True)


@pytest.mark.parametrize(
    ("word", "source", "target", "expected"),
    [
        ("county", "en", "ar", "مقاطعة"),
        ("police", "en", "ar", "شرطة"),
        ("مقاطعة", "ar", "en", "county"),
        ("الشرطة", "ar", "en", "police"),
        ("prévention", "fr", "en", "prevention"),
        ("health", "en", "fr", "santé"),
        ("violencia", "es", "en", "violence"),
        ("school", "en", "es", "escuela"),
    ],
)
def test_a_word_finds_its_translation(translator, word, source, target, expected):
    assert terms(expected, target)[0] in rendered(translator, word, source, target)[:3]


@pytest.mark.parametrize(
    ("word", "source", "target", "expected"),
    [
        ("policía", "es", "ar", "شرطة"),
        ("école", "fr", "ar", "مدرسة"),
        ("الشرطة", "ar", "fr", "police"),
        ("santé", "fr", "es", "salud"),
    ],
)
def test_two_other_languages_meet_in_english(translator, word, source, target, expected):
    assert terms(expected, target)[0] in rendered(translator, word, source, target)[:3]


def test_every_word_of_the_topic_gives_a_distribution_in_order(translator):
    found = translator.distributions("How does the county police work?", "en", "fr")
    assert len(found) == 3  # county, police, work
    assert terms("police", "fr")[0] in found[1]


def test_arabic_renderings_are_followed_by_their_grams(translator):
    word, grams = translator.distributions("police", "en", "ar")
    assert not any(map(is_gram, word))
    assert all(map(is_gram, grams))


@pytest.mark.parametrize("target", LANGUAGES[1:])
def test_what_no_table_knows_stays_itself(translator, target):
    found = translator.distributions("XQ77-B 48113", "en", target)
    for term in index_terms("XQ77 48113", target):
        assert {term: 1.0} in found


@pytest.mark.parametrize(
    ("source", "target"), [("en", "en"), ("ar", "ar"), ("sv", "en"), ("en", "mk")]
)
def test_same_or_unknown_language_is_the_question_itself(translator, source, target):
    question = "Police 2024 الشرطة"
    assert translator.distributions(question, source, target) == [
        {term: 1.0} for term in index_terms(question, target, source)
    ]


def test_an_arabic_word_is_known_under_its_prefixes(translator):
    assert terms("county", "en")[0] in rendered(translator, "لمقاطعة", "ar", "en")


NAMES = [
    ("ستروميكا", "strumica"),
    ("نانسانا", "nansana"),
    ("هوما", "homa"),
    ("زاتشيرولي", "zacchiroli"),
]
NOISE = ["strategic", "nonsense", "human", "home", "boy", "zucchini", "chairs", "strum", "santana"]


@pytest.mark.parametrize(("arabic", "latin"), NAMES)
def test_a_name_is_found_among_the_words_of_the_index(translator, arabic, latin):
    spellings = SpellingIndex.build([name for _, name in NAMES] + NOISE)
    found = translator.distributions(arabic, "ar", "en", spellings)
    scores: dict[str, float] = {}
    for distribution in found:
        scores |= distribution
    named = {word: scores[word] for word in scores if word in spellings_of(spellings)}
    assert max(named, key=named.__getitem__) == latin


def test_a_capitalised_word_may_be_a_name_too(translator):
    bay, _, name, _ = translator.distributions("in Homa Bay", "en", "ar")[-4:]
    assert terms("خليج", "ar")[0] in bay
    assert terms("باي", "ar")[0] in name and sum(name.values()) < sum(bay.values())
    assert len(translator.distributions("IN HOMA BAY", "en", "ar")) == len(
        translator.distributions("in homa bay", "en", "ar")
    )


def spellings_of(spellings):
    return {spellings.words.word(number) for number in range(len(spellings.words))}


@pytest.mark.parametrize(("arabic", "latin"), NAMES)
def test_a_latin_name_finds_the_arabic_passage(translator, arabic, latin):
    others = ["مدينة استراتيجية", "الإنسان والمجتمع", "همة عالية", "زراعة وتجارة"]
    texts = enumerate([*others, f"زار {arabic} أمس"])
    index = LexicalIndex.build((row, index_terms(text, "ar")) for row, text in texts)
    found = index.top(translator.distributions(latin.title(), "en", "ar"), 1)
    assert found and found[0][0] == len(others)


def test_probabilities_are_probabilities(translator):
    question = "Which county police officers visited Strumica and Nansana in 2023?"
    for target in LANGUAGES[1:]:
        for distribution in translator.distributions(question, "en", target):
            if not any(map(is_gram, distribution)):
                assert 0 < sum(distribution.values()) <= 1.001
            assert min(distribution.values()) > 0


@settings(deadline=None, max_examples=150)
@given(st.text(max_size=60), st.sampled_from([*LANGUAGES, "xx"]), st.sampled_from([*LANGUAGES, ""]))
def test_no_question_raises(question, source, target):
    translator = Translator.open(SHIPPED)
    spellings = SpellingIndex.build(["county", "police", "strumica"])
    for given_spellings in (None, spellings):
        for found in translator.distributions(question, source, target, given_spellings):
            assert found and all(weight > 0 for weight in found.values())


@settings(deadline=None, max_examples=100)
@given(st.text(st.sampled_from("ابتثجحخدذرزسشصضطظعغفقكلمنهويءپ"), max_size=40))
def test_no_arabic_word_raises(word):
    translator = Translator.open(SHIPPED)
    for target in ("en", "fr"):
        found = translator.distributions(
            word, "ar", target, SpellingIndex.build(["strumica", "été"])
        )
        assert bool(found) == bool(index_terms(word, target, "ar"))
        assert all(weight > 0 for each in found for weight in each.values())


def test_a_folder_without_tables_is_a_configuration_error(tmp_path):
    with pytest.raises(ConfigurationError, match="no translation tables"):
        Translator.open(tmp_path)


def test_a_damaged_table_is_a_configuration_error(tmp_path):
    for path in SHIPPED.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "en-ar.weights.npy").write_bytes(b"broken")
    with pytest.raises(ConfigurationError, match="do not open"):
        Translator.open(tmp_path)


def test_shipped_tables_are_a_few_megabytes():
    assert sum(path.stat().st_size for path in SHIPPED.iterdir()) < 12e6


# The training code, on text whose alignment is known by hand.

HOUSE = [
    ("the house", "la casa"),
    ("the book", "el libro"),
    ("a book", "un libro"),
    ("the table", "la mesa"),
    ("the green house", "la casa verde"),
]


def toy(pairs):
    numbers: dict[str, int] = {}
    numbered = [
        [[numbers.setdefault(word, len(numbers)) for word in text.split()] for text in pair]
        for pair in pairs
    ]
    return [SentencePair(left, right) for left, right in numbered], numbers


def test_words_that_share_sentences_align():
    pairs, numbers = toy(HOUSE)
    counts = align(pairs, AlignmentSettings(iterations=20, tension=0))
    probability = conditional(counts, given_left=True)
    table = {
        (left, right): p
        for left, right, p in zip(counts.left, counts.right, probability, strict=True)
    }
    words = ("la", "casa", "verde")
    house = {word: table.get((numbers["house"], numbers[word]), 0) for word in words}
    assert max(house, key=house.__getitem__) == "casa"
    assert table[numbers["book"], numbers["libro"]] > 0.8


def test_one_iteration_without_prior_by_hand():
    # One pair, two words against two: each is explained half by each, less the null share, which
    # starts as one more word with the same probability.
    pairs = [SentencePair([0, 1], [0, 1])]
    counts = align(pairs, AlignmentSettings(iterations=1, tension=0, null=0.2))
    assert counts.explains_right == pytest.approx([0.4] * 4)
    assert conditional(counts, given_left=True) == pytest.approx([0.5] * 4)


def test_diagonal_prior_breaks_the_tie():
    pairs = [SentencePair([0, 1], [0, 1])]
    counts = align(pairs, AlignmentSettings(iterations=1, tension=4.0))
    table = np.zeros((2, 2))
    table[counts.left, counts.right] = conditional(counts, given_left=True)
    assert table[0, 0] > 0.8 and table[1, 1] > 0.8


def test_weight_counts_a_pair_so_often():
    once = [SentencePair([0], [0]), SentencePair([0], [1], weight=3.0)]
    repeated = [SentencePair([0], [0]), *[SentencePair([0], [1])] * 3]
    ours, theirs = (conditional(align(pairs), given_left=True) for pairs in (once, repeated))
    assert ours == pytest.approx(theirs)


def test_stop_words_align_but_are_not_rendered():
    assert marked_stems("the counties", "en") == ["\0the", "counti"]
    forward, backward = learn([(marked_stems(a, "en"), marked_stems(b, "es")) for a, b in HOUSE])
    assert set(forward) == {"hous", "book", "tabl", "green"}
    assert set(backward) == {terms(w, "es")[0] for w in ("casa", "libro", "mesa", "verde")}


def test_a_rare_form_borrows_from_the_word_inside_it():
    rows = {"مقاطع": {"counti": 0.9}, "لمقاطع": {"karl": 0.5}, "شرط": {"polic": 1.0}}
    mixed = smoothed(rows, {"مقاطع": 40, "لمقاطع": 1, "شرط": 3})
    assert mixed["لمقاطع"] == pytest.approx({"counti": 0.45, "karl": 0.25})
    assert mixed["مقاطع"] == rows["مقاطع"] and mixed["شرط"] == rows["شرط"]


def test_cores_are_what_affixes_leave_longest_first():
    assert cores("لمقاطع")[0] == ["مقاطع"]
    assert cores("في") == []


def test_pruning_keeps_the_most_probable():
    pairs = [(["x"], ["a"])] * 6 + [(["x"], ["b"])] * 3 + [(["x"], ["c"])]
    forward, _ = learn(pairs, pruning=Pruning(floor=0.2, breadth=20))
    assert list(forward["x"]) == ["a", "b"]
    forward, _ = learn(pairs, pruning=Pruning(floor=0.0, breadth=1))
    assert list(forward["x"]) == ["a"]


def test_long_texts_are_cut_at_like_places():
    class Unit:
        texts = {"en": " ".join(["word"] * 200), "fr": " ".join(["mot"] * 100)}  # noqa: RUF012
        titles = {}  # noqa: RUF012

    pieces = list(text_pairs([Unit()], "fr"))  # type: ignore[list-item]
    assert len(pieces) == 3
    assert all(len(left) <= 30 and abs(len(left) - 2 * len(right)) <= 2 for left, right in pieces)


def test_cldr_names_countries_in_every_language():
    countries = [unit.texts for unit in cldr_units()]
    assert any(texts.get("en") == "Egypt" and texts.get("ar") == "مصر" for texts in countries)


def test_written_tables_read_back(tmp_path):
    forward = {"house": {"casa": 0.75, "hogar": 0.25}, "new": {"nuevo": 1.0}}
    backward = {"casa": {"house": 1.0}}
    write_tables({("en", "es"): forward, ("es", "en"): backward}, tmp_path)
    (tmp_path / "names.json").write_text("{}")
    read = Translator.open(tmp_path)
    assert read.languages == {"en", "es"}
    assert read.renderings("house", "en", "es") == {"casa": 0.75, "hogar": 0.25}
    assert read.renderings("casa", "es", "en") == {"house": 1.0}
    assert read.renderings("nuevo", "es", "en") == {}


# Names and spellings.

PAIRS = [("سارا", "sara"), ("رام", "ram"), ("مارس", "mars"), ("سام", "sam"), ("راما", "rama")]


def test_letters_learn_what_they_write():
    counts = learn_pieces(clean_names(PAIRS), iterations=5)
    for letter, piece in (("س", "s"), ("ر", "r"), ("م", "m"), ("ا", "a")):
        assert max(counts[letter], key=counts[letter].__getitem__) == piece


def test_transliteration_goes_both_ways_with_shares():
    model = Transliterator(learn_pieces(clean_names(PAIRS)))
    latin, arabic = model.to_latin("سامر"), model.to_arabic("mara")
    assert next(iter(latin)) == "samr" and sum(latin.values()) == pytest.approx(1)
    assert next(iter(arabic)) == "مارا" and sum(arabic.values()) == pytest.approx(1)
    assert model.likelihood("سارا", "sara") > model.likelihood("سارا", "mars")


@pytest.mark.parametrize("word", ["", "ب" * 500, "日本", "123"])
def test_what_is_no_name_has_no_spelling(word):
    model = Transliterator(learn_pieces(clean_names(PAIRS)))
    assert model.to_latin(word) == model.to_arabic(word) == {}


def test_names_of_other_letters_are_left_out():
    assert clean_names([("أحمد", "O'Ahmad"), ("ab", "ab"), ("سلام", "sälam")]) == [
        ("احمد", "oahmad"), ("سلام", "salam"),
    ]  # fmt: skip


def test_spellings_find_the_word_most_alike(tmp_path):
    built = SpellingIndex.build(["strumica", "struck", "america", "42", "\x01_str", "ox"])
    assert built.near({"strumika": 1.0}, 2) == ["strumica", "struck"]
    built.save(tmp_path)
    assert SpellingIndex.open(tmp_path).near({"amerika": 1.0}, 1) == ["america"]
    assert SpellingIndex.build([]).near({"any": 1.0}) == []


def test_damaged_spellings_are_reported(tmp_path):
    SpellingIndex.build(["strumica"]).save(tmp_path)
    (tmp_path / "spellings.words.npy").write_bytes(b"")
    with pytest.raises(IndexDamagedError, match="doctor --rebuild"):
        SpellingIndex.open(tmp_path)


@given(st.sets(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)))
def test_vocabulary_knows_its_words_and_no_others(found):
    ordered = sorted(found, key=str.encode)
    vocabulary = Vocabulary.build(ordered)
    assert [vocabulary.number(word) for word in ordered] == list(range(len(ordered)))
    assert [vocabulary.word(number) for number in range(len(ordered))] == ordered
    assert vocabulary.number("no such word at all") is None
