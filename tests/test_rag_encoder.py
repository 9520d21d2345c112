"""The door to the shipped encoder, and the folder it opens."""

from __future__ import annotations

import json
import re
import shutil

import numpy as np
import pytest

from rag.embed import DEFAULT_MODEL, MODELS, load_embedder, unrelated_cosine
from rag.encoder.encoder import ADAPTERS, SanadEncoder
from rag.encoder.heads import load_heads
from rag.encoder.reader import SentenceReader, Window, windows_of
from rag.encoder.vocabulary import Vocabulary
from rag.errors import ConfigurationError

FOLDER = MODELS / DEFAULT_MODEL
READER = MODELS / "sanad-reader"
MIB = 1 << 20
TEXTS = (
    "Kenya asked each of its counties to write an action plan.",
    "طلبت كينيا من كل مقاطعة أن تضع خطة عمل.",
    "Le Kenya a demandé à chaque comté d'écrire un plan d'action.",
    "The printer is out of toner.",
)


@pytest.fixture(scope="module")
def encoder() -> SanadEncoder:
    return SanadEncoder(FOLDER)


def size(folder) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_models_keep_to_the_size_that_was_promised():
    assert size(FOLDER) <= 55 * MIB
    assert size(MODELS) <= 120 * MIB


def test_vectors_have_length_one_and_do_not_depend_on_what_is_beside(encoder):
    together = encoder.encode_passages(TEXTS)
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    alone = np.vstack([encoder.encode_passages([text]) for text in TEXTS])
    assert (together * alone).sum(axis=1).min() > 0.999  # 8 bits are scaled by the batch
    assert encoder.encode_passages([]).shape == (0, encoder.dim)


def test_a_text_is_nearer_to_its_translation_than_to_another(encoder):
    english, arabic, french, other = encoder.encode_passages(TEXTS)
    assert min(english @ arabic, english @ french) > english @ other


def spans_of(text: str) -> list[tuple[int, int]]:
    return [found.span() for found in re.finditer(r"\w+", text)]


def test_words_have_vectors_in_their_place(encoder):
    english, french = TEXTS[0], TEXTS[2].replace("'", " ")
    vectors, words = encoder.words([english, french], [spans_of(english), spans_of(french)])
    assert np.allclose(vectors, encoder.encode_passages([english, french]), atol=2e-2)
    assert [len(found) for found in words] == [len(english.split()), len(french.split())]
    assert np.allclose(np.linalg.norm(words[0], axis=1), 1, atol=1e-5)
    said, other = english.rstrip(".").split(), french.rstrip(".").split()
    nearest = {
        word: other[int(at)]
        for word, at in zip(said, (words[0] @ words[1].T).argmax(1), strict=True)
    }
    assert {word: nearest[word] for word in ("asked", "write", "plan", "counties")} == {
        "asked": "demandé", "write": "écrire", "plan": "plan", "counties": "comté"
    }  # fmt: skip


def test_a_word_that_was_cut_off_has_no_vector(encoder):
    long = "plan " * 600
    _, (words,) = encoder.words([long], [spans_of(long)])
    lengths = np.linalg.norm(words, axis=1)
    assert len(words) == 600 and lengths[0] > 0.99 and lengths[-1] == 0


def test_a_question_and_a_passage_have_prompts_of_their_own(encoder):
    asked, said = encoder.encode_questions(TEXTS[:1]), encoder.encode_passages(TEXTS[:1])
    assert float(asked[0] @ said[0]) < 0.999


def test_a_question_is_nearer_to_what_answers_it_than_to_what_looks_like_it(encoder):
    asked = encoder.raw_questions(["How often does the youth council meet?"])
    answers = "Les jeunes élus se réunissent tous les premiers lundis du mois à la mairie."
    like = "The city has a council and a mayor."
    said = encoder.encode_passages([answers, like])
    raw, turned = said @ asked[0], said @ encoder.towards_passages(asked)[0]
    assert raw[0] < raw[1] and turned[0] > turned[1]
    assert np.allclose(np.linalg.norm(encoder.towards_sentences(asked), axis=1), 1, atol=1e-5)


def test_unrelated_texts_are_below_what_counts(encoder):
    floor, top = encoder.cosines
    asked = encoder.encode_questions(["Who wrote the county action plans of Kenya?"])[0]
    kenya, arabic, french, other = encoder.encode_passages(TEXTS) @ asked
    assert max(floor, other) < min(kenya, arabic, french)
    assert 0 <= unrelated_cosine(encoder) < max(kenya, arabic, french) < top


def test_a_folder_without_adapters_leaves_questions_as_they_are(tmp_path):
    folder = shutil.copytree(FOLDER, tmp_path / "plain")
    (folder / ADAPTERS).unlink()
    plain = SanadEncoder(folder)
    assert plain.cosines is None
    assert np.array_equal(plain.encode_questions(TEXTS), plain.raw_questions(TEXTS))


@pytest.mark.parametrize("kept", [b"", b"PK\x03\x04 but no archive", b"other", None])
def test_damaged_adapters_are_named(tmp_path, kept):
    folder = shutil.copytree(FOLDER, tmp_path / "damaged")
    if kept is None:
        np.savez(folder / ADAPTERS, passages=np.eye(3), sentences=np.eye(3), cosines=[0, 1])
    else:
        (folder / ADAPTERS).write_bytes(kept)
    with pytest.raises(ConfigurationError, match=f"{ADAPTERS}.*reinstall Sanad"):
        SanadEncoder(folder)


def test_sentence_transformers_opens_the_folder_and_gives_the_same_vectors(encoder):
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(FOLDER), trust_remote_code=True)
    ours = encoder.encode_passages(TEXTS)
    assert (model.encode_document(list(TEXTS)) * ours).sum(axis=1).min() > 0.999
    asked = model.encode_query(list(TEXTS))
    assert (asked * encoder.encode_questions(TEXTS)).sum(axis=1).min() > 0.999


def test_eight_bits_cost_next_to_nothing(encoder):
    """Against the same file's weights multiplied in 32 bits."""
    onnx = pytest.importorskip("onnx")
    import onnxruntime

    from evals.training.graph import in_full
    from rag.encoder.vocabulary import BEGIN, END

    full = onnxruntime.InferenceSession(
        in_full(onnx.load(FOLDER / "body.onnx")).SerializeToString()
    )
    vocabulary = Vocabulary(FOLDER)
    for text, ours in zip(TEXTS, encoder.encode_passages(TEXTS), strict=True):
        ids = [BEGIN, *vocabulary.ids([f"passage: {text}"])[0], END]
        rows, mask = vocabulary.batch([ids])
        theirs = full.run(["vectors"], {"rows": rows, "mask": mask})[0][0]
        assert float(ours @ theirs) >= 0.999


def test_a_letter_of_our_scripts_is_never_unknown():
    letters = "abcçéñüß ابتثجحخدذرزسشصضطظعغفقكلمنهوي абвгдѓжѕклљмнњќцчџш αβγδ"
    unknown = 3
    assert unknown not in Vocabulary(FOLDER).ids([letters])[0]


def test_a_damaged_folder_is_named(tmp_path):
    copy = tmp_path / DEFAULT_MODEL
    shutil.copytree(FOLDER, copy)
    (copy / "body.onnx").write_bytes(b"no model")
    with pytest.raises(ConfigurationError, match=r"body\.onnx cannot be read"):
        SanadEncoder(copy)
    (copy / "encoder.json").unlink()
    with pytest.raises(ConfigurationError, match="reinstall"):
        SanadEncoder(copy)


def test_a_copy_is_the_same_model_and_another_body_is_another(tmp_path):
    copy = tmp_path / "copy" / DEFAULT_MODEL
    shutil.copytree(FOLDER, copy)
    assert load_embedder(str(copy)).id == load_embedder().id
    scales = np.load(copy / "words.scales.npy")
    np.save(copy / "words.scales.npy", scales * np.float16(1.01))
    assert SanadEncoder(copy).id != load_embedder().id


# The reader

QUESTION = "When was the council of Strumica founded?"
SENTENCES = (
    "Strumica lies in the south-east of the country.",
    "Its council was founded in 2019 by the mayor.",
    "Residents may attend the meetings.",
)


@pytest.fixture(scope="module")
def reader() -> SentenceReader:
    return SentenceReader(READER)


def test_the_sentence_that_answers_has_the_best_odds_and_its_words_are_marked(reader):
    (found,) = reader.read(QUESTION, [Window("Strumica", SENTENCES)])
    assert max(range(3), key=lambda n: found[n].odds) == 1
    assert "2019" in SENTENCES[1][found[1].start : found[1].end]


def test_a_question_in_another_language_finds_the_same_sentence(reader):
    (found,) = reader.read("متى تأسس مجلس ستروميتسا؟", [Window("Strumica", SENTENCES)])
    assert max(range(3), key=lambda n: found[n].odds) == 1


def test_a_window_that_answers_has_better_odds_than_one_that_does_not(reader):
    other = Window("Weather", ("It rained all day.", "The river rose by a metre."))
    right, wrong = reader.read(QUESTION, [Window("Strumica", SENTENCES), other])
    assert max(s.odds for s in right) > max(s.odds for s in wrong) + 1


def test_sentences_that_do_not_fit_are_left_out(reader):
    many = tuple(f"Sentence number {n} says something about the town." for n in range(60))
    (found,) = reader.read(QUESTION, [Window("", many)])
    assert 0 < len(found) < 60


def test_windows_hold_neighbours_up_to_their_room():
    spans = [(0, 5), (6, 9), (10, 30), (31, 33)]
    assert windows_of(spans, [4, 3, 9, 2], 8) == [[(0, 5), (6, 9)], [(10, 30)], [(31, 33)]]
    assert windows_of([], [], 8) == []


def test_a_missing_file_of_heads_is_named(tmp_path):
    with pytest.raises(ConfigurationError, match=r"heads\.npz cannot be read"):
        load_heads(tmp_path / "heads.npz")


def test_reader_and_encoder_share_one_vocabulary():
    assert json.loads((READER / "reader.json").read_text())["vocabulary"] == DEFAULT_MODEL
    assert not list(READER.glob("words.*"))
