"""Remakes the fonts in ui/static/fonts and ui/static/fonts.css from the published families.

    python docs/fonts.py

Fetches the pinned packages with npm, keeps the weights and letters we set, and renames what
is left: "Source" is a reserved name under the Open Font License, which a changed font may not
carry. Arabic is scaled until its alef is as high as the Latin ascenders, so that a mixed line
has one size; the stand-ins of the first moment get the widths and heights of what replaces
them, so that nothing moves. Needs the `dev` extra and npm.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

from fontTools.pens.boundsPen import BoundsPen
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

from rag.wording import languages, say

STATIC = Path(__file__).resolve().parent.parent / "ui" / "static"
FONTS = STATIC / "fonts"
LATIN = "0000-00FF, 0131, 0152-0153, 02BB-02BC, 02C6, 02DA, 02DC, 2000-206F, 20AC, 2122, 2212"
# Names from Turkey, the Balkans, Central Asia and Viet Nam, and transliterated Arabic.
LATIN_EXTENDED = "0100-0130, 0132-0151, 0154-024F, 0259, 02BE-02BF, 1E00-1EFF"
# Arabic with the letters of Persian, Urdu and Kurdish. No presentation forms: text is stored
# without them.
ARABIC = (
    "060C, 061B-061C, 061F-063A, 0640-0655, 0660-0671, 0679, 067E, 0686, 0688, 0691, 0695, 0698, "
    "06A4, 06A9, 06AF, 06B5, 06BA, 06BE, 06C1-06C3, 06C6, 06CC, 06CE, 06D2-06D5, 06F0-06F9"
)
LETTERS = "etaoinshrdlucmfwygpb    "  # about as often as prose has them
READING_SIZE = 20  # pt; the optical size of the serif, which has one for each size


ROMAN = (("400 700", "normal"),)
BOTH = (*ROMAN, ("400 700", "italic"))
APART = (("400", "normal"), ("500 700", "normal"))  # the Arabic sans has a file for each


@dataclass(frozen=True, slots=True)
class Face:
    """One file that a page may load."""

    family: str  # as our style sheets call it
    name: str  # of the file
    package: str
    version: str
    source: str  # file in the package, without ".woff2"
    characters: str  # unicode-range, without "U+"
    weights: str = "400 700"  # in the file
    # A browser picks among the faces of a family by weight and style first, and only then by
    # letter: faces that make one line together are declared for the same ones.
    used: tuple[tuple[str, str], ...] = ROMAN


@dataclass(slots=True)
class Made:
    """A face as it was written."""

    face: Face
    file: str
    font: TTFont
    scale: float = 1.0  # size-adjust
    heights: tuple[float, float] = field(default=(0.0, 0.0))  # of the line, in em


SERIF = ("@fontsource-variable/source-serif-4", "5.3.1")
SANS = ("@fontsource-variable/source-sans-3", "5.3.0")
NASKH = ("@fontsource-variable/noto-naskh-arabic", "5.3.0")
PLEX = ("@fontsource/ibm-plex-sans-arabic", "5.3.0")
FACES = (
    Face("Sanad Serif", "serif-latin", *SERIF, "source-serif-4-latin-opsz-normal", LATIN),
    Face(
        "Sanad Serif", "serif-italic", *SERIF, "source-serif-4-latin-opsz-italic", LATIN, "400",
        BOTH[1:],
    ),
    Face(
        "Sanad Serif", "serif-latin-extended", *SERIF, "source-serif-4-latin-ext-opsz-normal",
        LATIN_EXTENDED, used=BOTH,
    ),
    Face("Sanad Serif", "naskh", *NASKH, "noto-naskh-arabic-arabic-wght-normal", ARABIC, used=BOTH),
    Face("Sanad Sans", "sans-latin", *SANS, "source-sans-3-latin-wght-normal", LATIN, used=APART),
    Face(
        "Sanad Sans", "sans-latin-extended", *SANS, "source-sans-3-latin-ext-wght-normal",
        LATIN_EXTENDED, used=APART,
    ),
    Face(
        "Sanad Sans", "kufi", *PLEX, "ibm-plex-sans-arabic-arabic-400-normal", ARABIC, "400",
        APART[:1],
    ),
    Face(
        "Sanad Sans", "kufi-bold", *PLEX, "ibm-plex-sans-arabic-arabic-600-normal", ARABIC, "600",
        APART[1:],
    ),
)  # fmt: skip
# Fonts that most machines have, by the free ones that have their widths (or are theirs).
STAND_INS = {
    "Sanad Serif": ("Times New Roman", "Liberation Serif", "Tinos"),
    "Sanad Sans": ("Arial", "Liberation Sans", "Arimo", "Helvetica"),
}
# Mean advance of LETTERS in em, of Liberation Serif and Liberation Sans 2.1.
WIDTHS = {"Sanad Serif": 0.4258, "Sanad Sans": 0.4609}


def codes(ranges: str) -> Iterator[int]:
    """The code points of a unicode-range without its "U+"."""
    for part in ranges.split(", "):
        first, _, last = part.partition("-")
        yield from range(int(first, 16), int(last or first, 16) + 1)


def fetch(folder: Path, package: str, version: str) -> Path:
    """The unpacked package; fetched once."""
    place = folder / package.replace("/", "-").strip("@")
    if not place.exists():
        command = ["npm", "pack", "--silent", f"{package}@{version}", "--pack-destination", folder]
        packed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
        with tarfile.open(folder / packed[-1]) as archive:
            archive.extractall(place, filter="data")
    return place / "package"


def cut(face: Face, source: Path, unicodes: Iterable[int]) -> TTFont:
    """The font with our weights and letters, under our name."""
    font = TTFont(source, recalcTimestamp=False)
    if "fvar" in font:
        first, _, last = face.weights.partition(" ")
        kept = {"wght": (int(first), int(first), int(last or first)), "opsz": READING_SIZE}
        axes = {axis.axisTag for axis in font["fvar"].axes}
        instantiateVariableFont(font, {a: kept[a] for a in axes}, inplace=True)
        whole = BytesIO()  # the subsetter wants the font as a file has it
        font.save(whole)
        whole.seek(0)
        font = TTFont(whole, recalcTimestamp=False)
    options = Options(flavor="woff2", hinting=False, notdef_outline=True)
    options.layout_features = [*options.layout_features, "tnum", "lnum", "case"]
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14]
    cutter = Subsetter(options)
    cutter.populate(unicodes=list(unicodes))
    cutter.subset(font)
    for record in list(font["name"].names):
        if record.nameID in (1, 4):
            record.string = face.family
        elif record.nameID in (3, 6):
            record.string = f"{face.family} {face.name}".replace(" ", "-")
    font.flavor = "woff2"
    return font


def write(face: Face, font: TTFont) -> Made:
    """The file, named by its content."""
    scratch = FONTS / f"{face.name}.new"
    font.save(scratch)
    digest = hashlib.sha256(scratch.read_bytes()).hexdigest()[:10]
    name = f"{face.name}.{digest}.woff2"
    scratch.rename(FONTS / name)
    return Made(face, name, font)


def height(font: TTFont, letter: str) -> float:
    """Top of a letter, in em."""
    glyphs = font.getGlyphSet()
    pen = BoundsPen(glyphs)
    glyphs[font.getBestCmap()[ord(letter)]].draw(pen)
    return float(pen.bounds[3]) / font["head"].unitsPerEm


def width(font: TTFont) -> float:
    """Mean advance of prose, in em."""
    names = font.getBestCmap()
    advances = [font["hmtx"][names[ord(letter)]][0] for letter in LETTERS]
    return sum(advances) / len(advances) / font["head"].unitsPerEm


def measure(made: list[Made]) -> None:
    """Scale the Arabic of each family to its Latin, and give all its faces one line."""
    for family in STAND_INS:
        faces = [one for one in made if one.face.family == family]
        latin = faces[0].font
        line = latin["hhea"].ascender / latin["head"].unitsPerEm
        depth = -latin["hhea"].descender / latin["head"].unitsPerEm
        for one in faces:
            if ord("ا") in one.font.getBestCmap():
                one.scale = round(height(latin, "d") / height(one.font, "ا"), 3)
            one.heights = (line / one.scale, depth / one.scale)


def rules(one: Made) -> Iterator[str]:
    """The @font-face rules of a file."""
    ranges = ", ".join(f"U+{part}" for part in one.face.characters.split(", "))
    adjusted = f"size-adjust: {one.scale:.1%}; " if one.scale != 1 else ""
    for weights, style in one.face.used:
        yield (
            f'@font-face {{\n  font-family: "{one.face.family}"; font-weight: {weights}; '
            f"font-style: {style}; font-display: swap;\n"
            f'  src: url("fonts/{one.file}") format("woff2");\n  {adjusted}'
            f"ascent-override: {one.heights[0]:.1%}; descent-override: {one.heights[1]:.1%}; "
            f"line-gap-override: 0%;\n  unicode-range: {ranges};\n}}\n"
        )


def stand_in(first: Made) -> str:
    """A font of the machine with the widths and heights of the one that will come."""
    family = first.face.family
    scale = width(first.font) / WIDTHS[family]
    local = ", ".join(f'local("{name}")' for name in STAND_INS[family])
    up, down = (part / scale for part in first.heights)
    ranges = ", ".join(f"U+{part}" for part in f"{LATIN}, {LATIN_EXTENDED}".split(", "))
    return (
        f'@font-face {{\n  font-family: "{family} Stand-in"; src: {local};\n  size-adjust: '
        f"{scale:.1%}; ascent-override: {up:.1%}; descent-override: {down:.1%}; "
        f"line-gap-override: 0%;\n  unicode-range: {ranges};\n}}\n"
    )


def main() -> None:
    """Fetch, cut, write, and say how heavy each is."""
    FONTS.mkdir(parents=True, exist_ok=True)
    for old in FONTS.glob("*.woff2"):
        old.unlink()
    names = sorted({ord(letter) for code in languages() for letter in say(code, "language_name")})
    arabic = [code for code in names if code in set(codes(ARABIC))]
    small = Face(
        "Sanad Names", "names", *PLEX, "ibm-plex-sans-arabic-arabic-400-normal",
        ", ".join(f"{code:04X}" for code in arabic), "400", APART[:1],
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        made = []
        for face in (*FACES, small):
            package = fetch(Path(folder), face.package, face.version)
            source = package / "files" / f"{face.source}.woff2"
            made.append(write(face, cut(face, source, codes(face.characters))))
            licence = FONTS / f"LICENSE-{face.package.rpartition('/')[2]}.txt"
            licence.write_text((package / "LICENSE").read_text("utf-8"), "utf-8")
    measure(made)
    made[-1].scale, made[-1].heights = made[-2].scale, made[-2].heights
    about = "/* Made by docs/fonts.py: change that. Licences are in fonts/. */\n\n"
    told = [each for one in made for each in rules(one)]
    told += [stand_in(next(m for m in made if m.face.family == family)) for family in STAND_INS]
    (STATIC / "fonts.css").write_text(about + "\n".join(told), "utf-8")
    for one in made:
        size = (FONTS / one.file).stat().st_size
        sys.stdout.write(f"{one.file}  {size / 1000:.1f} kB\n")


if __name__ == "__main__":
    main()
