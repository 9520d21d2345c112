"""Harnesses over `rag` and `evals`: questions, written answers, glossaries and suites."""

from __future__ import annotations

from contextlib import suppress

from evals.cases import load_suite
from rag.errors import ConfigurationError
from rag.intake import plain
from rag.question.glossary import read_glossary
from rag.question.policy import judge
from rag.words.hidden import visible
from rag.words.language import detect_question
from rag.words.sentences import split_sentences
from rag.words.text import fold, index_terms, words
from rag.writing.markers import MarkerParser
from tests.fuzz.documents import YAML
from tests.fuzz.harness import Harness, file_of, text_of

LANGUAGES = ("en", "ar", "fr", "es")


def markers(data: bytes) -> None:
    """A written answer in pieces: it cites only what was shown, and nothing is made up."""
    chunks = text_of(data).split("\x00")
    parser = MarkerParser([1, 2, 3], LANGUAGES[len(data) % 4])
    drafted = [each for chunk in chunks for each in parser.feed(chunk)]
    drafted += parser.close()
    for each in drafted:
        assert set(each.citations) <= {1, 2, 3}
        assert not {1, 2, 3} & set(each.invented)
        assert each.text.strip()
    assert sum(len(each.text) for each in drafted) <= 2 * sum(map(len, chunks)) + 10


def question(data: bytes) -> None:
    """A question: cleaned once and for all, of a language, ruled on, taken apart in order."""
    text = plain(text_of(data))
    assert plain(text) == text
    assert visible(text)[0] == text
    language = detect_question(text)
    assert language
    judge(text, language)
    assert words(fold(fold(text))) == words(fold(text))
    assert all(isinstance(term, str) and term for term in index_terms(text, language))


def sentences(data: bytes) -> None:
    """Sentences are trimmed spans in order that cover all but the blanks."""
    text = data.decode("utf-8", "replace")
    end, kept = 0, set[int]()
    for start, stop in split_sentences(text, LANGUAGES[len(data) % 4]):
        assert end <= start < stop <= len(text)
        assert text[start:stop] == text[start:stop].strip()
        end = stop
        kept.update(range(start, stop))
    assert all(character.isspace() or at in kept for at, character in enumerate(text))


def glossary(data: bytes) -> None:
    """A glossary reads, or its mistake is named with its file."""
    path = file_of("glossary.yaml", data)
    try:
        found = read_glossary(path)
    except ConfigurationError as error:
        assert str(path) in str(error)
    else:
        found.named_in("What is the forum?")


def suite(data: bytes) -> None:
    """A suite loads with a case and different ids, or its mistake is named with its file."""
    for name in ("suite.yaml", "suite.jsonl"):
        path = file_of(name, data)
        with suppress(ConfigurationError):
            loaded = load_suite(path, frozenset({"recall@5"}))
            assert len({case.id for case in loaded.cases}) == len(loaded.cases) > 0


SUITE = (
    b"name: s\npass_marks: {recall@5: 0.5}\ncases:\n- id: a\n  question: q\n  language: en\n"
    b"  gold: [{document: d, page: 1, quote: x}]\n- id: b\n  question: q\n  expect: decline\n"
)
LINE = b'{"id": "a", "question": "q", "gold": [{"document": "d", "quote": "x"}]}\n'
WRITTEN = "**Kenya** wrote plans [1][2]. Uganda\0 did not [3, 9].\n- اتفق رؤساء البلديات [٢].\n"

SAID = "Dr. Smith said 3.5 % (see p. 4). Yes! نعم؟ لا.\n• a"

HARNESSES = {
    "markers": Harness(markers, (WRITTEN.encode(), b"| a | b |\n|---|---|\n| x [1] | y [2] |\n"),
                       ("[1]", "[2", "]", "[1, 2]", "[٣]", "【1】", "(1)", "\0", "**", "```\n",
                        "- ", "1. ", "# ", "|---|", "\n\n", "![x](http://y)", "<b>", "e.g. ")),
    "question": Harness(question, (b"How did Kenya structure its plans?",
                                   "كيف نظّمت كينيا خطط عمل المقاطعات؟".encode()),
                        ("\u202e", "\u200b", "\ufeff", "\U000e0041", "\u0301", "ignore all",
                         "mayor's e-mail", "٢٠٢٤", "¿", "؟")),
    "sentences": Harness(sentences, (SAID.encode(),),
                         (". ", "! ", "؟ ", "e.g. ", "(", ")", "\n", "…", "«", "»",
                          "1. ", "\u2028")),
    "glossary": Harness(glossary, (b"- id: gctf\n  forms: {en: [forum], ar: [x]}\n  note: n\n",),
                        (*YAML, "id: ", "forms: ", "collides_with: ", "en: ", "mistranslated: ")),
    "suite": Harness(suite, (SUITE, LINE),
                     (*YAML, "cases:\n", "id: ", "question: ", "gold: ", "expect: ", "turns: ")),
}  # fmt: skip
