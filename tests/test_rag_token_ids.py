"""Ids word by word are those the untouched tokenizer gives the whole text."""

import json
import sys
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import islice

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rag.embed import MODELS, STATIC_MODEL
from rag.token_ids import TokenIds, word_by_word
from tests.conftest import ROOT

FILE = next((MODELS / STATIC_MODEL).rglob("tokenizer.json"))
LETTERS = "والبكفلهاناتونينهءئؤيیىةکكأإآٱـ" + "ingedesosuseoaABCDEFxyzİıΣσςßﬁ"
MARKS = "\u064b\u064e\u0651\u0654\u0670\u0301\u0307\u0308\u0327\u0338\u0345\u20dd\u05b4\u0f71"
SPACES = " \n\t\r\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2003\u2028\u2029\u202f\u3000\u200b\ufeff"
OTHERS = "0٠۰९๓²½،؟.,:;-/()«»'\u2019¨´`^=<>\ufe0fﷺﻼﷲ𝐀𝟘한국語가각ึำ👍🏽\x00[UNK]"


@cache
def untouched(file):
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(file))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def read_whole(file, texts):
    found = untouched(file).encode_batch_fast(texts, add_special_tokens=False)
    return [tuple(encoding.ids) for encoding in found]


@cache
def shipped():
    """One for all examples, so that most of their words are kept ones."""
    return TokenIds(FILE)


def test_the_shipped_tokenizer_goes_word_by_word():
    assert shipped().by_words


def test_ids_of_the_sample_collection_are_those_of_whole_texts():
    paths = sorted(ROOT.glob("docs_corpus/*.md")) + sorted(ROOT.glob("docs_corpus/*.txt"))
    files = [path.read_text(encoding="utf-8") for path in paths]
    texts = files + [line for text in files for line in text.split("\n\n")]
    assert len(files) > 20
    expected = read_whole(FILE, texts)
    assert TokenIds(FILE).of(texts) == expected
    assert shipped().of(texts[::-1])[::-1] == expected  # other words are new in each batch


@settings(max_examples=400, deadline=None)
@given(st.lists(st.text(st.sampled_from(LETTERS + MARKS + SPACES + OTHERS), max_size=60)))
@example(
    ["ΟΔΟΣ ΟΔΟΣ\u0301 Σ", "İstanbul I\u0307", "¨ ¨\u0301 a ¨", "[UNK] a[UNK]b", " \u0338= \u0301"]
)
def test_ids_of_letters_that_the_steps_change_are_those_of_whole_texts(texts):
    assert shipped().of(texts) == read_whole(FILE, texts)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text(max_size=80)))
def test_ids_of_any_text_are_those_of_whole_texts(texts):
    assert shipped().of(texts) == read_whole(FILE, texts)


def test_ids_of_every_character_beside_a_space_are_those_of_whole_texts():
    known = (chr(n) for n in range(sys.maxunicode + 1))
    known = (c for c in known if unicodedata.category(c) not in ("Cn", "Cs", "Co"))
    beside = (f"{c}الكتابها {c} cities{c}" for c in known)
    texts = []
    while some := list(islice(beside, 64)):
        texts.append(" ".join(some))
    assert shipped().of(texts) == read_whole(FILE, texts)


def test_no_texts_and_texts_without_a_word_have_no_ids():
    assert TokenIds(FILE).of([]) == []
    assert TokenIds(FILE).of(["", " ", "\n\n", "\u200b"]) == [(), (), (), ()]


def test_words_are_kept_within_bounds_and_forgetting_them_changes_nothing():
    tokens = TokenIds(FILE, room=200)
    texts = [f"county{n} خطة{n} plan" for n in range(300)]
    assert [tokens.of([text])[0] for text in texts] == read_whole(FILE, texts)
    assert len(tokens._kept) < 30


def test_threads_that_share_one_get_the_ids_of_whole_texts():
    tokens = TokenIds(FILE, room=500)
    texts = [f"city {n % 37} مدينة{n % 41} prévention{n % 43}" for n in range(400)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda text: tokens.of([text, "mayor"])[0], texts))
    assert found == read_whole(FILE, texts)


@pytest.mark.parametrize(
    "change",
    [
        {"normalizer": {"type": "Strip", "strip_left": True, "strip_right": True}},
        {"normalizer": {"type": "Replace", "pattern": {"Regex": r"\s+of"}, "content": ""}},
        {"normalizer": {"type": "Replace", "pattern": {"Regex": "^a"}, "content": "b"}},
        {"normalizer": {"type": "Replace", "pattern": {"Regex": "a.c"}, "content": "b"}},
        {"normalizer": {"type": "Replace", "pattern": {"Regex": "[^a]b"}, "content": "b"}},
        {"normalizer": {"type": "Replace", "pattern": {"Regex": r"a\b"}, "content": "b"}},
        {"normalizer": {"type": "Replace", "pattern": {"Regex": r"a[\u0010-z]b"}, "content": ""}},
        {"normalizer": {"type": "Replace", "pattern": {"Regex": "a[[:space:]]b"}, "content": ""}},
        {"normalizer": {"type": "Replace", "pattern": {"Regex": "(?i)a b"}, "content": ""}},
        {"normalizer": {"type": "Replace", "pattern": {"String": "a b"}, "content": "ab"}},
        {"pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first"}},
        {"pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": True, "use_regex": True}},
        {"pre_tokenizer": {"type": "Punctuation", "behavior": "Isolated"}},
        {"pre_tokenizer": None},
    ],
)
def test_a_step_that_may_look_beyond_a_space_reads_whole_texts(tmp_path, change):
    spec = json.loads(FILE.read_text(encoding="utf-8")) | change
    nested = spec | {"normalizer": {"type": "Sequence", "normalizers": [spec["normalizer"]]}}
    assert not word_by_word(spec)
    assert not word_by_word(nested)
    changed = tmp_path / "tokenizer.json"
    for key, value in {"split": True, "trim_offsets": True}.items():
        if spec["pre_tokenizer"] and spec["pre_tokenizer"]["type"] in ("Metaspace", "ByteLevel"):
            spec["pre_tokenizer"].setdefault(key, value)
    changed.write_text(json.dumps(spec), encoding="utf-8")
    texts = ["a b  a\nbcd of cities", " of a b", "axc abc a\tb", ""]
    assert TokenIds(changed).of(texts) == read_whole(changed, texts)


@pytest.mark.parametrize(
    "regex",
    ["[٠۰]", r"(?<!\p{L})و?(?:[بكف]?ال|لل)(?=[ء-ي]{3})", r"[\p{Mn}\u0640\u200b-\u200f]", "ة"],
)
def test_a_pattern_that_cannot_match_a_space_goes_word_by_word(regex):
    spec = json.loads(FILE.read_text(encoding="utf-8"))
    step = {"type": "Replace", "pattern": {"Regex": regex}, "content": ""}
    assert word_by_word(spec | {"normalizer": step})
    assert word_by_word(spec | {"normalizer": None})


def test_an_added_token_that_takes_the_space_beside_it_reads_whole_texts():
    spec = json.loads(FILE.read_text(encoding="utf-8"))
    token = spec["added_tokens"][0]
    assert not word_by_word(spec | {"added_tokens": [token | {"lstrip": True}]})
    assert not word_by_word(spec | {"added_tokens": [token | {"content": "New York"}]})
