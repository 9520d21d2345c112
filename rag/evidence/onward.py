"""Whether a quotation is read on into the sentence after it.

Reports open a matter in one sentence ("The eleventh session took place on 22 February") and
say the thing itself in the next. The first holds the words of the question, so it is found;
the second is what was asked for. Knows no order of presentation.
"""

from __future__ import annotations

import re
from dataclasses import replace

from rag.evidence.candidates import LIST_CHARACTERS, Candidate, list_end
from rag.index.generation import Generation
from rag.question.answer_types import asked_types, asks_figure
from rag.question.query import Question
from rag.types import Quote
from rag.words.sentences import split_sentences
from rag.words.text import fold

LONGEST = 480  # characters of a quotation that was read on, without a list that it announces

# Words that ask, folded: two of them ask two things, and one sentence seldom says both.
_ASKING = {
    "en": r"\b(?:what|who|whom|when|where|why|how|which)\b",
    "fr": r"\b(?:que|quoi|qui|quand|ou|pourquoi|comment|combien|quel(?:le)?s?)\b|\bqu'",
    "es": r"\b(?:que|quien(?:es)?|cuando|donde|por que|como|cuant[oa]s?|cual(?:es)?)\b",
    "ar": r"(?<!\w)و?(?:ما|ماذا|متي|اين|لماذا|كيف|كم|بماذا|فيم|اي)(?!\w)",
}


def read_on(candidate: Candidate, question: Question, generation: Generation) -> Candidate:
    """The candidate with the sentence after it, or the list which that announces, where the
    candidate does not itself show what is asked for; else as it is."""
    quote = candidate.quote
    together = split_sentences(quote.text, candidate.document.language)
    if len(together) > 1 or shows_what_is_asked(candidate, question):
        return candidate
    page = generation.store.page_of(quote.document_id, quote.page)
    line_end = page.text.find("\n", quote.end)
    line_end = len(page.text) if line_end < 0 else line_end
    after = page.text[quote.end : line_end]
    spans = split_sentences(after, candidate.document.language)
    if not spans or (quote.start, quote.end) in page.items:
        return candidate
    end = quote.end + spans[0][1]
    if page.text[end - 1] == ":":
        listed = list_end(quote.start, end, page)
        if listed == end or listed - quote.start > LIST_CHARACTERS:
            return candidate
        end = listed
    elif end - quote.start > LONGEST or page.text[end - 1] in "?؟;؛,،":
        return candidate
    longer = Quote(quote.document_id, quote.page, quote.start, end, page.text[quote.start : end])
    return replace(candidate, quote=longer)


def shows_what_is_asked(candidate: Candidate, question: Question) -> bool:
    """Whether a sentence has the figure, person, place, time or reason that a question asks
    for, where that is all it asks for."""
    folded = fold(question.text.replace("’", "'"))
    asking = re.findall(_ASKING.get(question.language, r"(?!)"), folded)
    if len(asking) > 1:
        return False
    if asks_figure(question.text):
        return candidate.features.figure > 0
    return bool(asked_types(question.text)) and candidate.features.fits > 0
