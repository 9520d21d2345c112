"""A collection whose every document says which version it is of."""

from __future__ import annotations

from pathlib import Path

TOPICS = ("county plans", "youth councils", "urban planning", "referral")
PARAGRAPHS = 6


def write_documents(folder: Path, versions: dict[int, int]) -> None:
    """The documents of these numbers, each at its version."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, version in versions.items():
        topic = TOPICS[number % len(TOPICS)]
        body = "\n\n".join(
            f"City {number} wrote version {version} of its paragraph {i} about {topic} and safety."
            for i in range(PARAGRAPHS)
        )
        text = f"# City {number} and {topic}\n\n{body}\n"
        (folder / f"city-{number}.md").write_text(text, "utf-8")


def version_in(text: str) -> int:
    """The version that a stored text names, 0 where it names none. Raises ValueError where it
    names several: two states of the collection in one."""
    found = {int(part.split()[0]) for part in text.split("version ")[1:]} or {0}
    if len(found) != 1:
        raise ValueError(f"a text of the versions {sorted(found)}")
    return found.pop()
