"""A note is checked before anything is made of it: quotations, seals, what has gone."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from pydantic import ValidationError

from tests.noting import (
    HOSTILE,
    KENYA,
    KENYA_AR,
    SEALS,
    UGANDA,
    finished,
    kept,
    note_of,
    written,
)
from ui.actions_html import reply_data
from ui.note.bodies import MOST_ITEMS, NoteBody
from ui.note.cards_html import cards
from ui.note.page_html import note_page
from ui.note.paper import paper_of
from ui.note.seal import Seals, seals_of


def said_of(note):
    return [said for item in note.items for said in item.said]


# Quotations


@pytest.mark.parametrize("question", [KENYA, UGANDA, KENYA_AR])
def test_a_kept_quotation_is_the_stored_text_at_its_place(assistant, question):
    note = note_of(assistant, kept(assistant, question))
    said = said_of(note)
    assert said and all(each.speaker == "documents" for each in said)
    for each in said:
        quotation = each.rests_on[0]
        page = assistant.generation.store.page_of(quotation.document.id, quotation.page.number)
        assert page.text[quotation.start : quotation.end] == each.text == quotation.text


def test_words_that_a_browser_put_into_a_quotation_are_never_shown_as_one(assistant):
    reply = kept(assistant, KENYA)
    reply["sentences"][0]["text"] = "Kenya has no plans at all."
    note = note_of(assistant, reply)
    assert said_of(note)[0].text == reply["citations"][0]["quote"]
    reply["citations"][0]["quote"] = "Kenya has no plans at all."
    said = said_of(note_of(assistant, reply))[0]
    assert (said.speaker, said.rests_on) == ("gone", ())
    shown = "".join(
        run.text for block in paper_of(note_of(assistant, reply)).blocks for run in block.runs
    )
    assert "no plans at all" not in shown
    assert "This quotation is no longer in the collection." in shown


def test_a_quotation_that_moved_on_its_page_is_found_where_it_is_now(assistant):
    reply = kept(assistant, KENYA)
    place = reply["citations"][0]
    right = place["start"]
    place["start"], place["end"] = right + 40, place["end"] + 40
    quotation = said_of(note_of(assistant, reply))[0].rests_on[0]
    assert (quotation.start, quotation.text) == (right, place["quote"])


@pytest.mark.parametrize(
    "wrong",
    [
        {"document_id": "no-such-document.md"},
        {"document_id": "../../etc/passwd"},
        {"page": 999},
        {"quote": ""},
        {"quote": " "},
        {"start": 10**7, "end": 10**7 + 5, "quote": "not there"},
    ],
)
def test_a_citation_of_what_is_not_there_is_gone(assistant, wrong):
    reply = kept(assistant, KENYA)
    reply["citations"][0] |= wrong
    said = said_of(note_of(assistant, reply))[0]
    assert said.speaker == "gone"


def test_a_sentence_that_cites_a_number_nobody_showed_is_gone(assistant):
    reply = kept(assistant, KENYA)
    reply["sentences"] = [{"text": "x", "citations": [77]}, {"text": "y", "citations": []}]
    assert [said.speaker for said in said_of(note_of(assistant, reply))] == ["gone", "gone"]


def test_a_note_says_which_answers_were_kept_from_an_earlier_collection(assistant):
    reply = kept(assistant, KENYA)
    older = {**reply, "generation": "20240101T000000.000Z-r000001"}
    note = note_of(assistant, reply, older)
    assert [item.earlier for item in note.items] == [False, True]
    assert "earlier state of the collection" in cards(note)


# Seals


def test_a_models_sentence_counts_as_checked_only_with_the_seal(assistant):
    reply = written(assistant)
    item = note_of(assistant, reply).items[0]
    assert (item.confirmed, item.said[0].speaker) == (True, "model")
    assert len(item.said[0].rests_on) == 2


@pytest.mark.parametrize(
    "forged",
    [
        {"seal": ""},
        {"seal": "é" * 20},
        {"seal": "A" * 22},
        {"mode": "another-writer"},
        {"question": "Who is to blame?"},
        {"sentences": [{"text": "Every county has failed.", "citations": [1, 2]}]},
        {"sentences": [{"text": "Every county has a plan.", "citations": [1]}]},
        {"citations": []},
    ],
)
def test_a_forged_sentence_is_the_authors_own_and_never_called_checked(assistant, forged):
    note = note_of(assistant, {**written(assistant), **forged})
    item = note.items[0]
    assert not item.confirmed
    assert {said.speaker for said in item.said} == {"author"}
    words = " ".join(run.text for block in paper_of(note).blocks for run in block.runs)
    assert "checked against the documents" not in words
    assert "cannot be confirmed" in words
    assert "written by" not in words.replace("confirmed as written", "")


def test_a_seal_survives_what_a_page_leaves_out_of_an_attribute(assistant):
    reply = written(assistant, "A plan\u202e of its own.")
    through_the_page = {**reply, "sentences": [{"text": "A plan of its own.", "citations": [1, 2]}]}
    assert note_of(assistant, through_the_page).items[0].confirmed


def test_seals_of_another_secret_do_not_hold(assistant):
    reply = written(assistant)
    assert SEALS.holds(reply, reply["seal"])
    assert not Seals(b"t" * 32).holds(reply, reply["seal"])


def test_seals_are_those_of_the_data_folder(tmp_path, assistant):
    reply = written(assistant)
    first = seals_of(tmp_path / "a").seal(reply)
    seals_of.cache_clear()
    assert seals_of(tmp_path / "a").seal(reply) == first
    assert seals_of(tmp_path / "b").seal(reply) != first


def test_a_sentence_that_lost_a_quotation_says_so(assistant):
    reply = written(assistant)
    reply["citations"][0]["page"] = 998
    reply["seal"] = SEALS.seal(reply)
    note = note_of(assistant, reply)
    said = note.items[0].said[0]
    assert (said.speaker, len(said.rests_on), said.lost) == ("model", 1, 1)
    assert "no longer in the collection" in cards(note)
    notes = [" ".join(run.text for run in runs) for runs in paper_of(note).footnotes]
    assert len(notes) == 2 and "no longer in the collection" in notes[1]


def test_the_page_gives_every_answer_its_seal_and_its_link(assistant):
    last = finished(assistant, KENYA)
    plain = json.loads(reply_data(last, {}))
    sealed = json.loads(reply_data(last, {}, SEALS.seal))
    assert "seal" not in plain and SEALS.holds(sealed, sealed["seal"])
    assert plain["link"].startswith("q=How+did+Kenya")


# Limits


def test_notes_are_limited_in_number_and_length(assistant):
    reply = kept(assistant, KENYA)
    too_much = [
        {"items": [{"reply": reply}] * (MOST_ITEMS + 1)},
        {"title": "x" * 201},
        {"introduction": "x" * 10_001},
        {"items": [{"reply": reply, "comment": "x" * 5001}]},
        {"items": [{"reply": {**reply, "sentences": reply["sentences"][:1] * 81}}]},
        {"items": [{"reply": {**reply, "citations": [{**reply["citations"][0], "page": 0}]}}]},
        {"items": [{"reply": {**reply, "citations": [{**reply["citations"][0], "start": -1}]}}]},
    ]
    for body in too_much:
        with pytest.raises(ValidationError):
            NoteBody.model_validate(body)


# What is set


def test_left_out_sentences_are_not_set_and_neither_are_their_sources(assistant):
    reply = kept(assistant, KENYA)
    whole = paper_of(note_of(assistant, reply))
    out = tuple(range(1, len(reply["sentences"])))
    some = paper_of(note_of(assistant, reply, out=out))
    assert len(whole.footnotes) == len(reply["sentences"]) and len(some.footnotes) == 1
    assert sum(block.kind == "quote" for block in some.blocks) == 1
    assert sum(block.kind == "source" for block in some.blocks) == 1


def test_every_footnote_names_title_publisher_date_language_and_when_it_was_stored(assistant):
    note = note_of(assistant, kept(assistant, UGANDA), home="https://room.example/")
    runs = paper_of(note).footnotes[0]
    words = "".join(run.text for run in runs)
    document = note.items[0].said[0].rests_on[0].document
    for fact in (document.title, document.publisher, "December 21, 2024", "English", "p. 1"):
        assert fact in words
    assert "as stored on" in words
    link = next(run for run in runs if run.href)
    assert link.href.startswith("https://room.example/en/read?document=uganda")


def test_a_footnote_links_to_the_source_where_it_has_an_address(assistant):
    note = note_of(assistant, kept(assistant, KENYA))
    said = note.items[0].said[0]
    quotation = said.rests_on[0]
    for url, media_type, wanted in (
        ("https://city.example/a.pdf", "application/pdf", "https://city.example/a.pdf#page=1"),
        ("https://city.example/a", "text/html", "https://city.example/a#:~:text="),
        ("javascript:alert(1)", "text/html", ""),
    ):
        document = replace(quotation.document, url=url, media_type=media_type)
        placed = replace(said, rests_on=(replace(quotation, document=document),))
        changed = replace(note, items=(replace(note.items[0], said=(placed,)),))
        links = [run.href for run in paper_of(changed).footnotes[0] if run.href]
        assert [link[: len(wanted)] for link in links] == ([wanted] if wanted else [])


def test_machine_translated_and_replaced_documents_are_marked_in_the_footnote(assistant):
    note = note_of(assistant, kept(assistant, KENYA))
    said = note.items[0].said[0]
    quotation = said.rests_on[0]
    document = replace(quotation.document, machine_translated=True, superseded_by="newer.md")
    placed = replace(said, rests_on=(replace(quotation, document=document),))
    changed = replace(note, items=(replace(note.items[0], said=(placed,)),))
    words = "".join(run.text for run in paper_of(changed).footnotes[0])
    assert "machine" in words.lower() and "newer version" in words


def test_a_note_ends_with_the_collection_and_how_to_cite_it(assistant):
    note = note_of(assistant, kept(assistant, KENYA), title="County plans")
    about = [
        "".join(run.text for run in block.runs)
        for block in paper_of(note).blocks
        if block.kind == "about"
    ]
    manifest = assistant.generation.manifest
    assert manifest.name in about[0] and f"{manifest.documents} documents" in about[0]
    assert "written by" not in about[1]
    assert about[2].startswith("Cite as: County plans. Briefing note of November 23, 2026")


def test_a_written_sentence_carries_what_it_rests_on_in_its_footnotes(assistant):
    paper = paper_of(note_of(assistant, written(assistant)))
    sentence = next(block for block in paper.blocks if block.kind == "written")
    assert sentence.notes == (1, 2)
    quote = kept(assistant, KENYA)["citations"][0]["quote"]
    assert f"“{quote}”" in "".join(run.text for run in paper.footnotes[0])


def test_words_of_the_author_are_kept_apart_from_quotations(assistant):
    note = note_of(assistant, kept(assistant, KENYA), comment="I agree.\n\nMore.", title="T")
    kinds = [block.kind for block in paper_of(note).blocks]
    at = kinds.index("comment")
    assert kinds[at - 1] == "label" and kinds[at : at + 2] == ["comment", "comment"]


# The page


def test_cards_show_hostile_words_as_words(assistant):
    reply = written(assistant, HOSTILE)
    reply["question"] = reply["mode"] = HOSTILE[:190]
    reply["citations"][1]["quote"] = HOSTILE
    plain = kept(assistant, KENYA)
    plain["citations"][0]["quote"] = HOSTILE
    markup = cards(note_of(assistant, reply, plain, comment=HOSTILE))
    assert "<script" not in markup and "<img" not in markup and 'javascript:x"' not in markup
    assert "\u202e" not in markup and "&lt;script&gt;" in markup


def test_a_comment_that_closes_its_box_stays_in_it(assistant):
    note = note_of(assistant, kept(assistant, KENYA), comment="</textarea><b>out</b>")
    assert cards(note).count("</textarea>") == 1


@pytest.mark.parametrize("language", ["en", "ar", "fr", "es"])
def test_the_page_says_where_the_note_is_kept_and_has_three_files_to_offer(language):
    page = note_page(language)
    assert page.count("data-export=") == 3
    assert 'data-word="note.kept"' in page and "<script>" not in page
    way = "rtl" if language == "ar" else "ltr"
    assert f'<div id="sanad-note" data-most="524288" lang="{language}" dir="{way}">' in page
