"""The last check before anything is shown: a quote is the stored text, or it is not shown."""

from __future__ import annotations

from rag.errors import IndexDamagedError
from rag.index.generation import Generation
from rag.types import AnswerSentence, Evidence, Quote


def quote_holds(quote: Quote, generation: Generation) -> bool:
    """Whether the stored page says exactly this between the quote's offsets."""
    try:
        page = generation.store.page_of(quote.document_id, quote.page)
    except IndexDamagedError:
        return False
    return bool(quote.text) and page.text[quote.start : quote.end] == quote.text


def sentence_holds(
    sentence: AnswerSentence, evidence: tuple[Evidence, ...], generation: Generation
) -> bool:
    """Whether a quoted sentence cites shown evidence, each a verified span, and says
    nothing that is not in it."""
    shown = {item.n: item for item in evidence}
    if not sentence.citations or any(n not in shown for n in sentence.citations):
        return False
    cited = [shown[n] for n in sentence.citations]
    return all(quote_holds(item.quote, generation) for item in cited) and any(
        sentence.text in item.quote.text for item in cited
    )
