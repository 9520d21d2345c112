"""What a reply cites and what was retrieved, against gold quotes. Pure.

Citation recall and precision are ALCE's (Gao et al., EMNLP 2023, "Enabling large language models
to generate text with citations", section 3), with gold quotes in the place of its entailment
model: a statement is supported when one of its citations overlaps a gold quote of the same
document (recall: the share of statements); a citation is relevant when it overlaps one itself
(precision: the share of citations). Gold names sentences that suffice and not all that answer,
so both are lower bounds. In an extractive answer each statement is the one quote it cites, and
the two are equal.

Retrieval is measured by ir-measures' names on two kinds of gold: documents ("nDCG@10"), and
gold quotes ("quote_nDCG@10"), which are found with the first passage that holds them; quotes
that the same passage brings count as one.
"""

from __future__ import annotations

from collections.abc import Sequence

from evals.cases import Case, GoldQuote
from evals.measures import measure
from evals.observed import Citation, Observed, comparable, overlap

RANKED = ("nDCG@10", "R@5", "R@10", "RR")
QUOTED = "quote_"  # before the name of a measure: with quotes as gold
RETRIEVAL = (*RANKED, *(f"{QUOTED}{name}" for name in RANKED))


def cites(citation: Citation, gold: GoldQuote) -> bool:
    """Whether a citation is of the gold place; with a quote, of its words."""
    if citation.document != gold.document or gold.page not in (None, citation.page):
        return False
    return not gold.quote or overlap(citation.quote, gold.quote)


def document_cited(case: Case, seen: Observed) -> float:
    """1 when a gold document is cited."""
    wanted = {gold.document for gold in case.gold}
    return float(any(one.document in wanted for one in seen.citations))


def quote_cited(case: Case, seen: Observed) -> float:
    """1 when a cited quote overlaps a gold quote of its document (and page, where given)."""
    gold = [one for one in case.gold if one.quote]
    return float(any(cites(citation, one) for one in gold for citation in seen.citations))


def parts_cited(case: Case, seen: Observed) -> float:
    """Share of the parts of the gold of which an alternative is cited."""
    parts = {gold.part for gold in case.gold}
    held = {g.part for g in case.gold for citation in seen.citations if cites(citation, g)}
    return len(held) / len(parts)


def led(case: Case, seen: Observed) -> float:
    """1 when the first statement cites a gold quote that may lead."""
    first = seen.statements[0].citations if seen.statements else ()
    leading = [gold for gold in case.gold if gold.leads]
    cited = (citation for citation in seen.citations if citation.n in first)
    return float(any(cites(citation, gold) for citation in cited for gold in leading))


def citation_precision(case: Case, seen: Observed) -> float | None:
    """Share of the citations that overlap gold; None for a reply without any."""
    relevant = [_relevant(citation, case) for citation in seen.citations]
    return sum(relevant) / len(relevant) if relevant else None


def citation_recall(case: Case, seen: Observed) -> float:
    """Share of the statements with a citation that overlaps gold; 0 for a reply with none."""
    relevant = {one.n for one in seen.citations if _relevant(one, case)}
    supported = [bool(relevant & set(one.citations)) for one in seen.statements]
    return sum(supported) / len(supported) if supported else 0.0


def _relevant(citation: Citation, case: Case) -> bool:
    return any(cites(citation, gold) for gold in case.gold if gold.quote)


def fidelity(seen: Observed) -> float | None:
    """Share of the citations that are the stored page text, letter by letter; None where
    nobody could look."""
    looked = [one.holds for one in seen.citations if one.holds is not None]
    return sum(looked) / len(looked) if looked else None


def retrieval(name: str, case: Case, seen: Observed) -> float | None:
    """A measure of RETRIEVAL; None for a case without such gold, or a system that does not tell
    what it retrieved (an answer may then not be taken for a miss)."""
    if name.startswith(QUOTED):
        quotes = [gold for gold in case.gold if gold.quote]
        if not quotes or not (seen.found or seen.tells_found):
            return None
        return measure(name.removeprefix(QUOTED), *_quotes_found(quotes, seen))
    if not case.gold or not (seen.retrieved or seen.tells_found):
        return None
    return measure(name, seen.retrieved, {gold.document for gold in case.gold})


def _quotes_found(gold: Sequence[GoldQuote], seen: Observed) -> tuple[list[str], list[str]]:
    """(ranking, gold): the passages by rank; of them those that hold a gold quote which none before
    held, and the quotes that none holds."""
    ranking, relevant = [f"passage {rank}" for rank in range(len(seen.found))], []
    left = list(gold)
    for name, passage in zip(ranking, seen.found, strict=True):
        text = comparable(passage.text)
        held = [
            one
            for one in left
            if one.document == passage.document and comparable(one.quote) in text
        ]
        if held:
            relevant.append(name)
            left = [one for one in left if one not in held]
    return ranking, [*relevant, *(f"not found {number}" for number in range(len(left)))]
