"""Peers of retrieval: what others build in a few lines, over the same passages in the same process.

bm25s and rank_bm25 as their documentation builds them (words in lower case, no stop words), and
SQLite's FTS5 with its default tokenizer. A peer that is not installed is left out and named.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Sequence

from evals.collection import CorpusPassage

DEPTH = 100  # passages a ranking holds at most
MOST_PASSAGES = 5_000  # rank_bm25 scores every passage in Python: 40 ms a question at 10,000
Rankings = list[list[str]]  # ids a question, best first
Peer = Callable[[Sequence[CorpusPassage], Sequence[str]], Rankings]


class NotMeasured(Exception):
    """Why a peer has no figure."""


def peer_rankings(
    passages: Sequence[CorpusPassage], questions: Sequence[str]
) -> dict[str, Rankings | str]:
    """{peer: rankings, or why there are none}."""
    found: dict[str, Rankings | str] = {}
    for name, peer in PEERS.items():
        try:
            found[name] = peer(passages, questions)
        except ImportError:
            found[name] = f"not installed (pip install {name})"
        except NotMeasured as reason:
            found[name] = str(reason)
    return found


def _texts(passages: Sequence[CorpusPassage]) -> list[str]:
    return [f"{passage.title} {passage.text}".strip() for passage in passages]


def _bm25s(passages: Sequence[CorpusPassage], questions: Sequence[str]) -> Rankings:
    import bm25s

    retriever = bm25s.BM25()
    retriever.index(
        bm25s.tokenize(_texts(passages), stopwords=None, show_progress=False), show_progress=False
    )
    asked = bm25s.tokenize(list(questions), stopwords=None, show_progress=False)
    rows, scores = retriever.retrieve(asked, k=min(DEPTH, len(passages)), show_progress=False)
    return [
        [passages[int(row)].id for row, score in zip(found, weights, strict=True) if score > 0]
        for found, weights in zip(rows, scores, strict=True)
    ]


def _rank_bm25(passages: Sequence[CorpusPassage], questions: Sequence[str]) -> Rankings:
    if len(passages) > MOST_PASSAGES:
        raise NotMeasured(f"too slow above {MOST_PASSAGES:,} passages")
    from rank_bm25 import BM25Okapi

    index = BM25Okapi([text.lower().split() for text in _texts(passages)])
    rankings = []
    for question in questions:
        scores = index.get_scores(question.lower().split())
        best = sorted(range(len(passages)), key=lambda row: (-scores[row], row))[:DEPTH]
        rankings.append([passages[row].id for row in best if scores[row] > 0])
    return rankings


def _fts5(passages: Sequence[CorpusPassage], questions: Sequence[str]) -> Rankings:
    with sqlite3.connect(":memory:") as database:
        try:
            database.execute("CREATE VIRTUAL TABLE passages USING fts5(text)")
        except sqlite3.OperationalError as error:
            raise NotMeasured(f"this SQLite has no FTS5 ({error})") from error
        rows = enumerate(_texts(passages))
        database.executemany("INSERT INTO passages(rowid, text) VALUES (?, ?)", rows)
        rankings = []
        for question in questions:
            words = re.findall(r"\w+", question)
            match = " OR ".join(f'"{word}"' for word in words)
            query = "SELECT rowid FROM passages WHERE text MATCH ? ORDER BY rank, rowid LIMIT ?"
            hits = database.execute(query, (match, DEPTH)) if words else []
            rankings.append([passages[row].id for (row,) in hits])
    database.close()
    return rankings


PEERS: dict[str, Peer] = {"bm25s": _bm25s, "rank_bm25": _rank_bm25, "FTS5": _fts5}
