"""Large test sets: passages of Wikipedia are cut, the growth material keeps its gold."""

from __future__ import annotations

import io
import tarfile

from evals.collection import CorpusPassage, TestQuestion
from evals.retrieval_growth import Material
from evals.retrieval_sets import ARTICLES, LONGEST, wikipedia
from evals.training.cities import arabic_names, time_zone_cities


def test_wikipedia_is_read_in_passages_of_bounded_length_with_distinct_ids(tmp_path):
    article = '<doc id="7" title="مدينة" url="x">\n' + "\n".join(["كلمة " * 50] * 5) + "\n</doc>\n"
    path = tmp_path / "scale" / ARTICLES
    path.parent.mkdir(parents=True)
    with tarfile.open(path, "w:gz") as archive:
        for name in ("ar/doc_1.txt", "ar/doc_2.txt", "README.md"):
            data = article.encode()
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    passages = list(wikipedia(tmp_path))
    assert sum(len(p.text.split()) for p in passages) == 2 * 250
    assert all(len(p.text.split()) <= LONGEST and p.title == "مدينة" for p in passages)
    assert len({p.id for p in passages}) == len(passages)


def test_a_collection_of_any_size_holds_the_gold_first():
    passages = [CorpusPassage(str(n), "text", "", "en") for n in range(10)]
    question = TestQuestion("q", "text?", "en", {"0": 1.0})
    given = Material({"en-en": (question,)}, tuple(passages[:2]), tuple(passages[2:]))
    assert [p.id for p in given.collection(4)] == ["0", "1", "2", "3"]


def test_names_in_arabic_letters_are_arabic_and_those_of_its_neighbours_are_not():
    names = ["Strumica", "ستروميتسا", "استرومیتسا", "سٹرومیکا", "ستروميتسا", ""]
    assert arabic_names(names) == ["ستروميتسا"]


def test_cities_of_time_zones_come_in_all_languages_that_have_them():
    cairo = next(unit.texts for unit in time_zone_cities() if unit.texts["en"] == "Cairo")
    assert cairo["fr"] == "Le Caire" and cairo["ar"] == "القاهرة"
