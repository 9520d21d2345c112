"""The parts of a Word file that do not depend on its words: styles, settings, footer, the
list of parts. Knows no text but the note's title.
"""

from __future__ import annotations

from collections.abc import Sequence

from ui.markup import direction
from ui.note.paper import Paper
from ui.note.words_xml import HEAD, element, text

MAIN = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "application/vnd.openxmlformats-officedocument.wordprocessingml"
LOCALES = {"en": "en-GB", "ar": "ar-SA", "fr": "fr-FR", "es": "es-ES"}
ACCENT, MUTED = "1C5A49", "655F53"  # the light room's, see ui/static/tokens.css
# In every office program; Arabic is in the second.
LATIN, ARABIC = "Cambria", "Times New Roman"
_NAMESPACES = {"xmlns_w": MAIN, "xmlns_r": RELATIONS}
_A4 = {"w_w": "11906", "w_h": "16838"}  # twentieths of a point


def parts(
    paper: Paper, document: str, footnotes: str, links: Sequence[str], note_links: Sequence[str]
) -> dict[str, str]:
    """Path -> content of every part. `document` and `footnotes` are XML."""
    rtl = direction(paper.language) == "rtl"
    section = element(
        "w:sectPr",
        element("w:footerReference", w_type="default", r_id="rFooter"),
        element("w:pgSz", **_A4),
        element(
            "w:pgMar", w_top="1418", w_right="1418", w_bottom="1418", w_left="1418",
            w_header="709", w_footer="709", w_gutter="0",
        ),
        element("w:bidi") if rtl else "",
    )  # fmt: skip
    return {
        "[Content_Types].xml": _content_types(),
        "_rels/.rels": _package_relations(),
        "docProps/core.xml": _core(paper),
        "docProps/app.xml": HEAD + element(
            "Properties", element("Application", "Sanad"),
            xmlns="http://schemas.openxmlformats.org/officeDocument/2006/extended-properties",
        ),
        "word/document.xml": HEAD + element(
            "w:document", element("w:body", document, section), **_NAMESPACES
        ),
        "word/footnotes.xml": HEAD + element(
            "w:footnotes", _separators(), footnotes, **_NAMESPACES
        ),
        "word/styles.xml": HEAD + _styles(paper.language),
        "word/settings.xml": HEAD + _settings(paper.language),
        "word/footer1.xml": HEAD + _footer(paper.title, rtl),
        "word/_rels/document.xml.rels": _relations(_OWN, links),
        "word/_rels/footnotes.xml.rels": _relations({}, note_links),
    }  # fmt: skip


# Packing

_OWN = {
    "rStyles": ("styles", "styles.xml"), "rSettings": ("settings", "settings.xml"),
    "rFootnotes": ("footnotes", "footnotes.xml"), "rFooter": ("footer", "footer1.xml"),
}  # fmt: skip


def _relations(own: dict[str, tuple[str, str]], links: Sequence[str]) -> str:
    made = [
        element("Relationship", Id=name, Type=f"{RELATIONS}/{kind}", Target=target)
        for name, (kind, target) in own.items()
    ]
    made += [
        element(
            "Relationship", Id=f"rLink{i}", Type=f"{RELATIONS}/hyperlink", Target=target,
            TargetMode="External",
        )
        for i, target in enumerate(links, start=1)
    ]  # fmt: skip
    return HEAD + element("Relationships", *made, xmlns=f"{PACKAGE}/relationships")


def _package_relations() -> str:
    core = f"{PACKAGE}/relationships/metadata/core-properties"
    kinds = (
        (f"{RELATIONS}/officeDocument", "word/document.xml"),
        (core, "docProps/core.xml"),
        (f"{RELATIONS}/extended-properties", "docProps/app.xml"),
    )
    made = (
        element("Relationship", Id=f"r{i}", Type=kind, Target=target)
        for i, (kind, target) in enumerate(kinds, start=1)
    )
    return HEAD + element("Relationships", *made, xmlns=f"{PACKAGE}/relationships")


def _content_types() -> str:
    kinds = {
        "/word/document.xml": f"{OFFICE}.document.main+xml",
        "/word/styles.xml": f"{OFFICE}.styles+xml",
        "/word/settings.xml": f"{OFFICE}.settings+xml",
        "/word/footnotes.xml": f"{OFFICE}.footnotes+xml",
        "/word/footer1.xml": f"{OFFICE}.footer+xml",
        "/docProps/core.xml": "application/vnd.openxmlformats-package.core-properties+xml",
        "/docProps/app.xml": (
            "application/vnd.openxmlformats-officedocument.extended-properties+xml"
        ),
    }
    relations = "application/vnd.openxmlformats-package.relationships+xml"
    return HEAD + element(
        "Types",
        element("Default", Extension="rels", ContentType=relations),
        element("Default", Extension="xml", ContentType="application/xml"),
        *(element("Override", PartName=name, ContentType=kind) for name, kind in kinds.items()),
        xmlns=f"{PACKAGE}/content-types",
    )


def _core(paper: Paper) -> str:
    moment = f"{paper.date}T00:00:00Z"
    return HEAD + element(
        "cp:coreProperties",
        element("dc:title", text(paper.title)),
        element("dc:creator", "Sanad"),
        element("dc:language", LOCALES.get(paper.language, paper.language)),
        element("dcterms:created", moment, xsi_type="dcterms:W3CDTF"),
        element("dcterms:modified", moment, xsi_type="dcterms:W3CDTF"),
        xmlns_cp=f"{PACKAGE}/metadata/core-properties",
        xmlns_dc="http://purl.org/dc/elements/1.1/",
        xmlns_dcterms="http://purl.org/dc/terms/",
        xmlns_xsi="http://www.w3.org/2001/XMLSchema-instance",
    )


# Settings, footer, separators


def _settings(language: str) -> str:
    word_2013 = element(
        "w:compatSetting", w_name="compatibilityMode", w_val="15",
        w_uri="http://schemas.microsoft.com/office/word",
    )  # fmt: skip
    separators = (element("w:footnote", w_id=str(n)) for n in (-1, 0))
    locale = LOCALES.get(language, language)
    spoken = {"w_bidi": locale} if direction(language) == "rtl" else {"w_val": locale}
    return element(
        "w:settings",
        element("w:footnotePr", *separators),
        element("w:compat", word_2013),
        element("w:themeFontLang", **spoken),
        xmlns_w=MAIN,
    )


def _separators() -> str:
    tight = element("w:pPr", element("w:spacing", w_after="60", w_line="240", w_lineRule="auto"))
    lines = ((-1, "separator"), (0, "continuationSeparator"))
    return "".join(
        element(
            "w:footnote",
            element("w:p", tight, element("w:r", element(f"w:{kind}"))),
            w_type=kind, w_id=str(n),
        )
        for n, kind in lines
    )  # fmt: skip


def _footer(title: str, rtl: bool) -> str:
    """The title, and the page and how many there are."""

    def field(name: str) -> str:
        return element("w:fldSimple", element("w:r", element("w:t", "1")), w_instr=f" {name} ")

    properties = element(
        "w:pPr", element("w:pStyle", w_val="Footer"), element("w:bidi") if rtl else ""
    )
    named = f'<w:r><w:t xml:space="preserve">{text(title)}</w:t></w:r><w:r><w:tab/></w:r>'
    slash = '<w:r><w:t xml:space="preserve"> / </w:t></w:r>'
    line = element("w:p", properties, named, field("PAGE"), slash, field("NUMPAGES"))
    return element("w:ftr", line, **_NAMESPACES)


# Styles


def _styles(language: str) -> str:
    rtl = direction(language) == "rtl"
    spoken = {"w_bidi": LOCALES.get(language, "ar-SA")} if rtl else {
        "w_val": LOCALES.get(language, language)
    }  # fmt: skip
    fonts = element("w:rFonts", w_ascii=LATIN, w_hAnsi=LATIN, w_cs=ARABIC, w_eastAsia=LATIN)
    defaults = element(
        "w:docDefaults",
        element("w:rPrDefault", element("w:rPr", fonts, _size(22), element("w:lang", **spoken))),
        element("w:pPrDefault", element("w:pPr", _spacing(120, 300))),
    )
    return element("w:styles", defaults, *_paragraph_styles(), *_run_styles(), xmlns_w=MAIN)


def _paragraph_styles() -> list[str]:
    keep = element("w:keepNext")
    indent = element("w:ind", w_left="425", w_right="425")  # the leading side, where it mirrors
    tab = element("w:tabs", element("w:tab", w_val="right", w_pos="9070"))
    bold = element("w:b") + element("w:bCs")
    return [
        _style("Normal", "Normal", default=True),
        _style("Title", "Title", keep + _spacing(60, 264), bold + _colour(ACCENT) + _size(40)),
        _style("Dated", "Dated", _spacing(240, 264), _colour(MUTED)),
        _style("BodyText", "Body Text"),
        _style("Heading1", "heading 1", keep + _spacing(80, 276, 360) + _outline(0),
               bold + _size(28)),
        _style("Heading2", "heading 2", keep + _spacing(80, 276, 320) + _outline(1),
               bold + _colour(ACCENT) + _size(24)),
        _style("Label", "Label", keep + _spacing(80, 264), _colour(MUTED) + _size(19)),
        _style("Quote", "Quote", _spacing(60, 312) + indent, _size(24)),
        _style("Attribution", "Attribution", _spacing(200, 264) + indent,
               _colour(MUTED) + _size(19)),
        _style("Source", "Source", _spacing(60, 264) + element("w:ind", w_left="284",
               w_hanging="284"), _size(20)),
        _style("About", "About", _spacing(80, 264), _size(19)),
        _style("FootnoteText", "footnote text", _spacing(20, 240), _size(18)),
        _style("Footer", "footer", tab + _spacing(0, 240), _colour(MUTED) + _size(17)),
    ]  # fmt: skip


def _run_styles() -> list[str]:
    raised = element("w:vertAlign", w_val="superscript")
    link = _colour(ACCENT) + element("w:u", w_val="single")
    return [
        _style("FootnoteReference", "footnote reference", run=raised, of="character"),
        _style("Hyperlink", "Hyperlink", run=link, of="character"),
        _style("CitedTitle", "Cited Title", run=element("w:i"), of="character"),
    ]


def _style(
    name: str, shown: str, paragraph: str = "", run: str = "", of: str = "paragraph",
    default: bool = False,
) -> str:  # fmt: skip
    given = {"w_type": of, "w_styleId": name} | ({"w_default": "1"} if default else {})
    based = of == "paragraph" and not default
    return element(
        "w:style",
        element("w:name", w_val=shown),
        element("w:basedOn", w_val="Normal") if based else "",
        element("w:pPr", paragraph) if paragraph else "",
        element("w:rPr", run) if run else "",
        **given,
    )


def _size(half_points: int) -> str:
    return element("w:sz", w_val=str(half_points)) + element("w:szCs", w_val=str(half_points + 2))


def _colour(value: str) -> str:
    return element("w:color", w_val=value)


def _outline(level: int) -> str:
    return element("w:outlineLvl", w_val=str(level))


def _spacing(after: int, line: int, before: int = 0) -> str:
    return element(
        "w:spacing", w_before=str(before), w_after=str(after), w_line=str(line), w_lineRule="auto"
    )
