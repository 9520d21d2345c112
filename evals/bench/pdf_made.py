"""Arabic PDFs whose text is known: our briefs and hard sentences, set by Typst.

What is injected: digits of both kinds, ranges and shares among Arabic words, Latin names with
brackets, vowel signs, and two columns.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
FONTS = ROOT / "ui" / "note" / "fonts"
CORPUS = ROOT / "docs_corpus"

INJECTED = (
    "في الفترة 2017-2019 زادت الميزانية بنسبة 12.5% إلى 3,450 دولار.",
    "في الفترة ٢٠١٧-٢٠١٩ زادت الميزانية بنسبة ١٢٫٥٪ إلى ٣٬٤٥٠ دولار.",
    "شارك ٤٥ مندوبًا من ١٢ دولة يوم 14/05/2023 في الجلسة (انظر الملحق 3).",
    "أطلقت شبكة Strong Cities Network (SCN) برنامجها عام 2015 بالتعاون مع UN-Habitat.",
    "قال المتحدث: «نحن ندعم المدن»، ثم أضاف [بتصرف] أن العمل مستمر.",
    "الهاتف: 6123-555 والبريد info@example.org والمرجع ISO 31000:2018.",
    "يُعَدُّ مُؤْتَمَرُ المُدُنِ القَوِيَّةِ مِنْ أَهَمِّ المُؤْتَمَرات.",
    "تم اعتماد الخطة في الجلسة الأولى (2021) والثانية (2022) والثالثة (2023).",
    "آلاف الشباب والآباء والأمهات شاركوا لأول مرة في الإعداد للاستراتيجية.",
)
_HEAD = re.compile(r"\A---.*?---\n", re.S)
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_MARKUP = re.compile(r"[*_#>`|]+")


def paragraphs() -> list[str]:
    """The Arabic briefs of docs_corpus, and among them the injected sentences."""
    said: list[str] = []
    for path in sorted(CORPUS.glob("*.ar.md")):
        text = _MARKUP.sub(" ", _LINK.sub(r"\1", _HEAD.sub("", path.read_text("utf-8"))))
        parts = (" ".join(part.split()).strip(" -") for part in text.split("\n\n"))
        said += [*filter(None, parts), *INJECTED]
    return said


def typeset(said: Sequence[str], columns: int) -> bytes:
    """A PDF of the paragraphs, justified, in one column or more."""
    import typst

    quoted = (part.replace("\\", r"\\").replace('"', r"\"") for part in said)
    body = "\n\n".join(f'#"{part}"' for part in quoted)
    source = (
        f'#set page(paper: "a4", columns: {columns})\n#set par(justify: true)\n'
        f'#set text(font: "Noto Naskh Arabic", lang: "ar", size: 11pt)\n{body}\n'
    )
    return typst.compile(  # type: ignore[no-any-return,call-overload]  # one type for all paths
        source.encode(), font_paths=[str(FONTS)], format="pdf"
    )
