"""What "compare them" compares: the things of one kind that a conversation named last."""

from __future__ import annotations

from collections.abc import Sequence

from rag.question.followup import FollowUp
from rag.question.mentions import Kind, Mention
from rag.question.reference import Asked


def versus(now: FollowUp, last: Asked) -> list[tuple[Asked, Mention]]:
    """The sides of "how does that compare with Sweden?"; none where it compares nothing."""
    if not now.cue.finds("versus", now.plain) or len(now.mentions) != 1:
        return []
    new = now.mentions[0]
    old = [m for m in last.mentions if m.kind == new.kind and m.key != new.key]
    outside = [t for t in now.words if t.end <= new.start or new.end <= t.start]
    if not old or len(now.content(outside)) > 1:
        return []
    return [(last, old[0]), (Asked(now.text, now.language, now.mentions, now.text), new)]


def sides_of(thread: Sequence[Asked]) -> list[tuple[Asked, Mention]]:
    """The things to compare with the questions that name them, oldest first; none or at
    least two."""
    last = thread[-1]
    linked = [asked for asked in thread if asked.chain == last.chain]
    for group in (linked, [last], list(thread[-3:])):
        best: list[tuple[Asked, Mention]] = []
        kinds: tuple[Kind, ...] = ("place", "name", "concept", "year")
        for kind in kinds:
            seen: dict[str, tuple[Asked, Mention]] = {}
            for asked in group:
                for mention in asked.mentions:
                    if mention.kind == kind:
                        seen.setdefault(mention.key, (asked, mention))
            if len(seen) >= 2 and len(seen) > len(best):
                best = list(seen.values())
        if best:
            return best
    return []
