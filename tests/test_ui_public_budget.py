"""The budget of the language model: reserved before a call, settled after it."""

from __future__ import annotations

import multiprocessing
import sqlite3
import threading

import pytest

from rag.errors import ConfigurationError
from rag.generate import Prompt, ScriptedWriter
from rag.settings import Settings
from rag.types import Usage
from rag.wording import languages, say
from rag.writing.providers import WriterSettings
from rag.writing.trouble import ModelTrouble
from ui.open import writer_of
from ui.public.budget import FILE, Budget, Spent, ThriftyWriter
from ui.public.switches import throw

PROMPT = Prompt("system " * 10, "user " * 10)  # 120 bytes: reserved as 60 tokens
SETTINGS = WriterSettings("scripted:x", max_tokens=40, price_input=1.0, price_output=10.0)
RESERVED = 60 + 40


def thrifty(writer, budget=None, allowed=lambda: True):
    return ThriftyWriter(writer, SETTINGS, budget, allowed)


def read(draft):
    """What was said, and the kind of trouble or None."""
    said = []
    try:
        said.extend(draft)
    except ModelTrouble as trouble:
        return said, trouble.kind
    return said, None


def test_what_the_provider_told_takes_the_place_of_what_was_reserved(tmp_path):
    budget = Budget(tmp_path, 1000, 0)
    seen = []

    def script(_):
        seen.append(budget.today())
        return ("one ", "two")

    draft = thrifty(ScriptedWriter(script), budget).write(PROMPT)
    assert read(draft) == (["one ", "two"], None)
    assert seen == [Spent(RESERVED, (60 * 1.0 + 40 * 10.0) / 1e6)]
    assert draft.usage == Usage(20, 2)
    assert budget.today() == Spent(22, (20 * 1.0 + 2 * 10.0) / 1e6)


def test_past_the_budget_nothing_is_sent_and_the_trouble_says_so(tmp_path):
    writer = ScriptedWriter(("a",))
    budget = Budget(tmp_path, RESERVED - 1, 0)
    draft = thrifty(writer, budget).write(PROMPT)
    assert read(draft) == ([], "over_budget")
    assert writer.prompts == []
    assert draft.usage == Usage()
    assert budget.today() == Spent()


def test_money_is_a_limit_of_its_own(tmp_path):
    needed = (60 * 1.0 + 40 * 10.0) / 1e6
    assert read(thrifty(ScriptedWriter("a"), Budget(tmp_path / "a", 0, needed)).write(PROMPT))[0]
    short = thrifty(ScriptedWriter("a"), Budget(tmp_path / "b", 0, needed * 0.9))
    assert read(short.write(PROMPT)) == ([], "over_budget")


def test_a_new_day_has_a_new_budget(tmp_path):
    now = [1_750_000_000.0]
    writer = thrifty(ScriptedWriter(("a",)), Budget(tmp_path, RESERVED + 10, 0, lambda: now[0]))
    assert [read(writer.write(PROMPT))[1] for _ in range(2)] == [None, "over_budget"]
    now[0] += 86400
    assert read(writer.write(PROMPT))[1] is None


@pytest.mark.parametrize("kind", ["unreachable", "rate_limited", "server_error", "unauthorised"])
def test_a_provider_that_takes_no_question_costs_nothing(tmp_path, kind):
    budget = Budget(tmp_path, 1000, 0)
    failing = ScriptedWriter((ModelTrouble(kind, "m"),))
    assert read(thrifty(failing, budget).write(PROMPT)) == ([], kind)
    assert budget.today() == Spent()


class Untold(ScriptedWriter):
    """A provider that does not tell what it took."""

    def write(self, prompt, cancelled=lambda: False):
        draft = super().write(prompt, cancelled)
        draft._usage = Usage  # the fake's own member
        return draft


def test_an_untold_usage_is_estimated_upwards(tmp_path):
    budget = Budget(tmp_path, 1000, 0)
    read(thrifty(Untold(("four", "five5")), budget).write(PROMPT))
    assert budget.today().tokens == 60 + 9


def test_a_reader_who_leaves_pays_what_was_written(tmp_path):
    budget = Budget(tmp_path, 1000, 0)
    pieces = iter(thrifty(Untold(("four", "five5")), budget).write(PROMPT))
    assert next(pieces) == "four"
    pieces.close()
    assert budget.today().tokens == 60 + 4


def test_concurrent_reservations_never_exceed_the_budget(tmp_path):
    budget = Budget(tmp_path, 10 * RESERVED, 0)
    at_once = threading.Barrier(24)
    got = []

    def reserve():
        at_once.wait()
        got.append(budget.reserve(Spent(RESERVED, 0.0)))

    threads = [threading.Thread(target=reserve) for _ in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([number for number in got if number is not None]) == 10
    assert budget.today().tokens == 10 * RESERVED


def _reserve(folder):
    return Budget(folder, 5 * RESERVED, 0).reserve(Spent(RESERVED, 0.0)) is not None


def test_processes_share_one_budget(tmp_path):
    with multiprocessing.get_context("fork").Pool(4) as pool:
        assert sum(pool.map(_reserve, [tmp_path] * 20)) == 5


def test_a_call_that_never_settled_counts_as_reserved(tmp_path):
    Budget(tmp_path, 1000, 0).reserve(Spent(RESERVED, 0.0))  # and the process died
    assert Budget(tmp_path, 1000, 0).today().tokens == RESERVED


def test_an_account_that_cannot_be_read_asks_no_model(tmp_path):
    (tmp_path / FILE).write_bytes(b"no database" * 1000)
    writer = ScriptedWriter(("a",))
    draft = thrifty(writer, Budget(tmp_path, 1000, 0)).write(PROMPT)
    assert read(draft) == ([], "over_budget")
    assert writer.prompts == []


def test_an_account_that_is_taken_away_during_the_call_does_not_stop_the_answer(tmp_path):
    budget = Budget(tmp_path, 1000, 0)

    def script(_):
        (tmp_path / FILE).write_bytes(b"no database" * 1000)
        return ("a",)

    assert read(thrifty(ScriptedWriter(script), budget).write(PROMPT)) == (["a"], None)
    with pytest.raises(sqlite3.Error):
        budget.today()


def test_the_switch_of_the_model_is_asked_at_each_call(tmp_path):
    writer = ScriptedWriter(("a",))
    on = [True]
    guarded = thrifty(writer, allowed=lambda: on[0])
    assert read(guarded.write(PROMPT))[1] is None
    on[0] = False
    assert read(guarded.write(PROMPT)) == ([], "switched_off")
    assert len(writer.prompts) == 1


def test_the_writer_of_the_settings_obeys_switch_and_budget(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    # Port 9 (discard) on loopback: nothing may be sent, and nobody is there.
    told = {"llm": "openai:m", "llm_base_url": "http://127.0.0.1:9/v1", "llm_retries": 0}
    writer = writer_of(Settings(data_dir=tmp_path, budget_tokens_day=10, **told))
    assert read(writer.write(PROMPT)) == ([], "over_budget")
    throw(tmp_path, "model", on=False)
    assert read(writer.write(PROMPT)) == ([], "switched_off")


def test_a_budget_in_money_needs_prices(tmp_path):
    with pytest.raises(ConfigurationError, match="SANAD_LLM_PRICE_INPUT"):
        writer_of(Settings(data_dir=tmp_path, llm="openai:m", budget_cost_day=2.5))


@pytest.mark.parametrize("kind", ["over_budget", "switched_off"])
def test_the_reader_is_told_in_each_language(kind):
    told = {say(language, f"model.{kind}") for language in languages()}
    assert len(told) == len(languages())
