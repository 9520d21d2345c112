"""Files to grow a collection with: Canada's acts, Arabic Wikipedia, and synthetic text beyond.

    python -m evals.bench.scale_material DATA FOLDER --passages 100000

`DATA` holds `scale/` (see `evals.retrieval_sets`): the acts in English and French become a Markdown
file each, the articles a text file each, in turn, so that every size is a mixture. When they are
used up they are written again with a third of the words of each line exchanged for others of the
same language, drawn by how often they occur there: lengths, word frequencies and vectors stay like
those of real text, and no two passages are equal. Knows no index.
"""

from __future__ import annotations

import argparse
import itertools
import random
import re
import tarfile
from collections.abc import Iterator
from pathlib import Path

from evals.retrieval_sets import ACTS, ARTICLES, article_texts
from evals.training.acts import aligned_sections

WORDS_A_PASSAGE = 144  # what the splitter makes of this material, on average
EXCHANGED = 1 / 3
_WORD = re.compile(r"\w+")
Text = tuple[str, str, str]  # name with its ending, language, content


def real(data: Path) -> Iterator[Text]:
    """Every act in English and French and every article, mixed in proportion."""
    acts, articles = list(_acts(data / "scale" / ACTS)), list(_articles(data / "scale" / ARTICLES))
    each = max(1, round(len(articles) / max(1, len(acts))))
    rest = iter(articles)
    for act in acts:
        yield act
        yield from itertools.islice(rest, each)
    yield from rest


def _acts(archive: Path) -> Iterator[Text]:
    parts: dict[tuple[str, str], list[str]] = {}
    for name, texts, titles in aligned_sections(archive, lambda act: True):
        act = name.rpartition("-")[0]
        for language, text in texts.items():
            parts.setdefault((act, language), [f"# {act}"]).append(
                f"## {titles[language]}\n\n{text}"
            )
    for (act, language), sections in parts.items():
        yield f"acts/{language}/{act}.md", language, "\n\n".join(sections) + "\n"


def _articles(archive: Path) -> Iterator[Text]:
    with tarfile.open(archive) as files:
        for number, (title, body) in enumerate(article_texts(files)):
            paragraphs = "\n\n".join(line for line in body.splitlines() if line.strip())
            yield f"wiki/{number:06d}.txt", "ar", f"{title}\n\n{paragraphs}\n"


def grown(texts: list[Text], seed: int = 0) -> Iterator[Text]:
    """The texts, then changed copies of them, without end."""
    yield from texts
    commonness: dict[str, list[str]] = {}
    for _, language, text in texts:
        commonness.setdefault(language, []).extend(_WORD.findall(text)[:2000])
    for edition in itertools.count(1):
        chance = random.Random(seed + edition)
        for name, language, text in texts:
            pool = commonness[language]
            yield f"copy{edition:03d}/{name}", language, _exchanged(text, pool, chance)


def _exchanged(text: str, pool: list[str], chance: random.Random) -> str:
    def word(match: re.Match[str]) -> str:
        return chance.choice(pool) if chance.random() < EXCHANGED else match[0]

    return _WORD.sub(word, text)


def write(data: Path, folder: Path, passages: int) -> int:
    """Write about as many passages as are asked for; returns how many files."""
    left, files = passages * WORDS_A_PASSAGE, 0
    for name, _, text in grown(list(real(data))):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        left, files = left - len(text.split()), files + 1
        if left <= 0:
            break
    return files


def main() -> None:
    """Write the files named on the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--passages", type=int, default=100_000)
    given = parser.parse_args()
    print(write(given.data, given.folder, given.passages), "files")  # noqa: T201


if __name__ == "__main__":
    main()
