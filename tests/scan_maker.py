"""Makes scans for tests: pages of a PDF that are pictures of text, as a copier would make them."""

from __future__ import annotations

import io
import shutil
import subprocess
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

DPI = 200
A4 = (round(8.27 * DPI), round(11.69 * DPI))
SIZE = round(12 / 72 * DPI)  # 12 points


def font_for(language: str) -> Path | None:
    """A font file with the letters of a language; None where fontconfig knows none."""
    if shutil.which("fc-match") is None:
        return None
    wanted = f":lang={language}:fontformat=TrueType"
    told = subprocess.run(
        ["fc-list", wanted, "file"], capture_output=True, text=True, check=False
    ).stdout
    files = sorted(line.strip().rstrip(":") for line in told.splitlines() if line.strip())
    plain = [name for name in files if name.endswith("-Regular.ttf")] or files
    plain.sort(key=lambda name: ("Naskh" not in name, "DejaVuSans" not in name, name))
    return Path(plain[0]) if plain else None


def scan(*pages: tuple[str, list[str]]) -> bytes:
    """A PDF of pictures: each page (language, lines). Skips the test without a font for it."""
    pictures = []
    for language, lines in pages:
        path = font_for(language)
        if path is None:
            pytest.skip(f"no font for {language} is installed")
        font = ImageFont.truetype(str(path), SIZE)
        picture = Image.new("L", A4, 255)
        draw = ImageDraw.Draw(picture)
        for row, line in enumerate(lines):
            y = 200 + row * round(SIZE * 1.8)
            rtl = language == "ar"
            place = (A4[0] - 150, y) if rtl else (150, y)
            anchor, way = ("ra", "rtl") if rtl else ("la", "ltr")
            draw.text(place, line, 20, font, anchor, direction=way, language=language)
        pictures.append(picture)
    packed = io.BytesIO()
    pictures[0].save(packed, "PDF", resolution=DPI, save_all=True, append_images=pictures[1:])
    return packed.getvalue()
