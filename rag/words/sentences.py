"""Where sentences begin and end.

sentencex finds the boundaries; this module mends what it gets wrong in our
texts (abbreviations followed by a name, list numbers, footnote marks, Arabic
initials) and cuts what no reader would call one sentence. A line break always
ends a sentence: blocks of a page are one line each.

It does not know headings, lists or tables, and it never changes the text.
"""

from __future__ import annotations

import re

Span = tuple[int, int]
LONGEST = 1_200  # characters; about 200 words

# Never the end of a sentence when a capital, an Arabic letter or a digit follows.
_TITLES = frozenset(
    """dr dra drs mr mrs ms mme mmes mlle mm prof st ste sr sra srta sres d dña gen col capt lt sgt
    sen rep gov hon rev pres vs ej ex cf ed eds ca approx aprox env av avda apdo bd blvd mt ft dept
    univ dir min sec subsec insp ing lic arch abg ud uds jr sra fr hrsg bzw ggf z.b u.a d.h i.e e.g
    p.ej p.ex c.-à-d bijv dhr mevr mw t.ex bl.a dvs resp أ د م ا.د""".split()
)
# Not the end when a number follows ("No. 5"); "No." alone can be an answer.
_BEFORE_NUMBER = frozenset(
    """no nos nr núm num n.º n° nº art arts p pp pág págs pag fig figs vol vols ch chap cap sec para
    par eq ref tab table annex ann app v ver éd ص ج ف""".split()
)
_FIRST_WORD = re.compile(r"[^\W\d_]+|\d+")
_INITIAL = re.compile(r"(?:^|[\s.(«“\"'-])[^\W\d_]\.\s*$")
# After an initial or "U.S." these words begin a sentence all the same.
_STARTERS = frozenset(
    """the it he she they we you this that these those in on at as but there here its their our his
    her some many when where while after before if le la les il elle ils elles ce cette ces el los
    las ella ellos este esta estos estas""".split()
)
_NUMBERING = re.compile(r"\s*[(\[]?(?:\d{1,3}|[^\W\d_]|[ivxIVX]{1,5})[.)\]]+\s*$")
_BRACKET_THEN_MORE = re.compile(r"\s*\([^()]{1,80}\)(?:\s+[a-zà-öø-ÿ]|\s*[,;:،؛])")
_GOES_ON = re.compile(r"\s*[)\]},;،؛]")  # what no sentence begins with
_BRACKET = re.compile(r"[()\[\]]")
LONGEST_ASIDE = 80  # characters in brackets within which no sentence ends
_NUMBER_AFTER_COLON = re.compile(r":\s*\d{1,2}[.)]\s*$")
_CLOSING = re.compile(r"\s*(?:\[\d{1,3}\]|[¹²³⁰-⁹]+|[)\]»”’\"'](?=\s|$))+")
_ENDED = re.compile(r"[.!?؟۔。！？…][)\]»”’\"']*\s*$")
_CUTS = (re.compile(r"[؛;]\s"), re.compile(r":\s"), re.compile(r"[،,]\s"), re.compile(r"\s"))
_UNUSUAL = re.compile(r"[^\S ]|[\ud800-\udfff]")
_LINE = re.compile(r"[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")


def split_sentences(text: str, language: str) -> list[Span]:
    """Spans (start, end) of the sentences of `text`, in order and trimmed.

    They are disjoint and cover every character that is not white space; none is
    longer than `LONGEST` characters. An empty or blank text has none.
    """
    spans: list[Span] = []
    for line in _LINE.finditer(text):
        start, end = _trim(text, line.start(), line.end())
        if start < end:
            for sentence in _sentences(text, start, end, language):
                spans += _cut(text, *sentence)
    return spans


def _sentences(text: str, start: int, end: int, language: str) -> list[Span]:
    """Sentences of one trimmed line."""
    line = text[start:end]
    if not _worth_splitting(line):
        return [(start, end)]
    merged: list[Span] = []
    for a, b in _boundaries(line, language):
        closing = _CLOSING.match(line, a, b) if merged else None
        if closing and _ENDED.search(line, max(0, a - 9), a):
            # a quote, bracket or footnote mark that belongs to what came before
            merged[-1] = (merged[-1][0], closing.end())
            a = closing.end()
        if a < b and merged and _continues(line, merged[-1], a, b):
            merged[-1] = (merged[-1][0], b)
        elif line[a:b].strip():
            merged.append((a, b))
    return [_trim(text, start + a, start + b) for a, b in merged]


def _worth_splitting(line: str) -> bool:
    inner = line[:-1]
    return any(mark in inner for mark in ".!?؟۔。！？…।")


def _boundaries(line: str, language: str) -> list[Span]:
    """sentencex's spans over `line`, made to cover it whole.

    sentencex 1.0.32 panics on a no-break space after a letter and refuses lone
    surrogates, so it is shown plain spaces in their place.
    """
    from sentencex import get_sentence_boundaries

    line = _UNUSUAL.sub(" ", line)
    spans: list[Span] = []
    at = 0
    for found in get_sentence_boundaries(language or "en", line):
        piece: str = found["text"]
        begin: int = found["start_index"]
        if line[begin : begin + len(piece)] != piece:  # indices drifted: look for the text
            begin = line.find(piece, at)
        if begin >= at and begin + len(piece) > at:
            spans.append((at, begin + len(piece)))
            at = begin + len(piece)
    if at < len(line):
        spans.append((at, len(line)))
    return spans


def _continues(line: str, before: Span, a: int, b: int) -> bool:
    """Whether the boundary between `before` and line[a:b] is none."""
    head = line[max(before[0], a - 24) : a].rstrip()
    if len(head) < 9 and _NUMBERING.fullmatch(line, *before):
        return True
    if head[-1:] in ".)" and head[-2:-1].isdecimal() and _NUMBER_AFTER_COLON.search(head):
        return True
    if _BRACKET_THEN_MORE.match(line, a, b):
        return True  # "ACT! (27 February 2017) presented": the sentence goes on
    if _GOES_ON.match(line, a, b) or _in_brackets(line, before[0], a):
        return True
    if not head.endswith("."):
        return False
    tail = _FIRST_WORD.search(line, a, b)
    if not tail or tail[0][0].islower():
        return True
    first = tail[0]
    last = head[:-1].rpartition(" ")[2].lstrip("([«“‘\"'").lower()
    if last in _BEFORE_NUMBER and first[0].isdecimal():
        return True
    if last in _TITLES:
        return True
    initial = first[0].isalpha() and _INITIAL.search(head[-4:])
    return bool(initial) and first.lower() not in _STARTERS


def _in_brackets(line: str, start: int, at: int) -> bool:
    """Whether `at` stands in a bracket opened after `start` that is short and closed."""
    opened: list[int] = []
    for mark in _BRACKET.finditer(line, max(start, at - LONGEST_ASIDE), at):
        if mark[0] in "([":
            opened.append(mark.start())
        elif opened:
            opened.pop()
    if not opened:
        return False
    depth = len(opened)
    for mark in _BRACKET.finditer(line, at, opened[0] + LONGEST_ASIDE):
        depth += 1 if mark[0] in "([" else -1
        if depth == 0:
            return True
    return False


def _cut(text: str, start: int, end: int) -> list[Span]:
    """The sentence itself, or pieces of at most `LONGEST` characters."""
    pieces: list[Span] = []
    while end - start > LONGEST:
        at = _cut_at(text, start)
        piece = _trim(text, start, at)
        if piece[0] < piece[1]:
            pieces.append(piece)
        start = at
    piece = _trim(text, start, end)
    return [*pieces, piece] if piece[0] < piece[1] else pieces


def _cut_at(text: str, start: int) -> int:
    """The last semicolon, colon, comma or space that leaves a piece of decent size."""
    for cut in _CUTS:
        found = [m.start() + 1 for m in cut.finditer(text, start + LONGEST // 3, start + LONGEST)]
        if found:
            return found[-1]
    return start + LONGEST


def _trim(text: str, start: int, end: int) -> Span:
    if start < end and not text[start].isspace() and not text[end - 1].isspace():
        return start, end
    piece = text[start:end]
    return start + len(piece) - len(piece.lstrip()), end - len(piece) + len(piece.rstrip())
