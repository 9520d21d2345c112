"""The glossary in the office as HTML: its concepts, and one of them to change. Pure functions."""

from __future__ import annotations

from urllib.parse import urlencode

from rag.wording import language_name, languages, listed
from ui.markup import direction, text
from ui.office.frame_html import change, counted, hidden, sure, word
from ui.office.glossary_edit import GROUPS, Entry, Shown

OTHER = "other"  # stands for the language whose code is typed


def list_body(glossary: Shown, language: str) -> str:
    """Every concept, and a way to a new one."""
    rows = "".join(_row(glossary, identity, language) for identity in glossary.by_id)
    heads = "".join(
        f'<th scope="col">{word(language, key)}</th>'
        for key in ("concept", "right_names", "wrong_names")
    )
    problem = ""
    if glossary.problem:
        problem = (
            f'<p class="sanad-told">{word(language, "glossary_broken")} '
            f'<span lang="en" dir="ltr">{text(glossary.problem)}</span></p>'
        )
    new = f'<p><a href="./office-glossary?new=1">{word(language, "add")}</a></p>'
    add = "" if problem else new
    name = "sanad-files sanad-concepts"
    head = f"<thead><tr>{heads}</tr></thead>"
    table = f'<table class="{name}">{head}<tbody>{rows}</tbody></table>'
    return (
        f"<h1>{word(language, 'glossary')}</h1>"
        f'<p class="sanad-told-once">{word(language, "glossary_told")}</p>{problem}{add}'
        f"{table if rows else ''}"
    )


def _row(glossary: Shown, identity: str, language: str) -> str:
    concept = glossary.by_id[identity]
    right = concept.forms.get(language) or next(iter(concept.forms.values()), ())
    wrong = sum(len(names) for names in concept.mistranslations.values())
    query = text(urlencode({"id": identity}))
    names = listed([f"<bdi>{text(name)}</bdi>" for name in right[:3]], language)
    return (
        f'<tr><th scope="row"><a href="./office-glossary?{query}"><bdi>{text(identity)}</bdi></a>'
        f"</th><td>{names}</td>{counted('wrong_names', wrong, language)}</tr>"
    )


def entry_body(
    entry: Entry, old_id: str, version: str, language: str, token: str, wrong: str = ""
) -> str:
    """A form for one concept. `old_id`: of a concept that there is; `wrong`: the key of what
    cannot be kept."""
    codes = {code for group in entry.names.values() for code in group}
    first = sorted(languages(), key=lambda code: (code != language, code))
    known = [*first, *sorted(codes - set(languages()))]
    parts = "".join(_language(entry, code, language) for code in known)
    other = (
        f"<fieldset><legend>{word(language, 'another_language')}</legend>"
        f'<label for="g-code">{word(language, "language_code")}</label>'
        f'<input id="g-code" name="code" maxlength="3" autocomplete="off">'
        f"{_names(entry, OTHER, language)}</fieldset>"
    )
    named = (
        hidden("id", entry.id)
        if old_id
        else f'<label for="g-id">{word(language, "concept")}</label>'
        f'<input id="g-id" name="id" value="{text(entry.id)}" required maxlength="60" dir="auto">'
    )
    collides = "\n".join(entry.collides_with)
    rest = (
        f'<label for="g-collides">{word(language, "collides")}</label>'
        '<textarea id="g-collides" name="collides_with" rows="2" dir="auto">'
        f"{text(collides)}</textarea>"
        f'<label for="g-note">{word(language, "concept_note")}</label>'
        '<textarea id="g-note" name="note" rows="2" dir="auto" maxlength="2000">'
        f"{text(entry.note)}</textarea>"
    )
    inside = (
        f"{hidden('old_id', old_id)}{hidden('version', version)}{named}"
        f'<div class="sanad-tongues">{parts}{other}</div>{rest}'
    )
    error = (
        f'<p class="sanad-wrong" role="alert">{word(language, f"glossary_{wrong}")}</p>'
        if wrong
        else ""
    )
    form = change(language, "office-glossary", token, word(language, "keep"), inside)
    title = f"<bdi>{text(old_id)}</bdi>" if old_id else word(language, "add")
    return (
        f'<h1>{title}</h1><p class="sanad-note">{word(language, "names_told")}</p>{error}'
        f'<div class="sanad-concept">{form}{_take_away(old_id, version, language, token)}</div>'
    )


def _language(entry: Entry, code: str, language: str) -> str:
    name = text(language_name(code, language))
    return f"<fieldset><legend>{name}</legend>{_names(entry, code, language)}</fieldset>"


def _names(entry: Entry, code: str, language: str) -> str:
    """Three boxes of a language, one name a line."""
    way = "auto" if code == OTHER else direction(code)
    tongue = "" if code == OTHER else f' lang="{text(code)}"'
    boxes = []
    for group in GROUPS:
        names = "\n".join(entry.names.get(group, {}).get(code, ()))
        place = f"g-{group}-{text(code)}"
        boxes.append(
            f'<label for="{place}">{word(language, group)}</label><textarea id="{place}" '
            f'name="{group}.{text(code)}" rows="{min(6, max(2, names.count(chr(10)) + 1))}" '
            f'dir="{way}"{tongue}>{text(names)}</textarea>'
        )
    return "".join(boxes)


def _take_away(old_id: str, version: str, language: str, token: str) -> str:
    if not old_id:
        return ""
    inside = (
        hidden("old_id", old_id) + hidden("version", version) + hidden("remove", "yes")
        + sure(language, "concept_sure")
    )  # fmt: skip
    return change(
        language, "office-glossary", token, word(language, "concept_remove"), inside, quiet=True
    )
