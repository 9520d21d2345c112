"""The gate: limits by moving window, turns that go round, switches that work at once."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import limits.storage.memory
import limits.strategies
import pytest
from limits.errors import StorageError
from limits.storage import MemoryStorage

import ui.public.counting
from rag.errors import ConfigurationError
from rag.settings import Settings
from ui.public.counting import SWEEP_S, Counting, Window, store_of
from ui.public.gate import Gate
from ui.public.sites import Site
from ui.public.switches import Switches, throw
from ui.public.turns import TurnLimits, Turns
from ui.public.visit import Refused, Visit

VISIT = Visit("api", "address-1")
SITE = Site("abcd1234", "x", daily_questions=3)


class Clock:
    """What the limits library and our counting call time."""

    def __init__(self):
        self.now = 1_750_000_000.0

    def time(self):
        return self.now

    monotonic = time


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    for module in (limits.storage.memory, limits.strategies, ui.public.counting):
        monkeypatch.setattr(module, "time", clock)
    return clock


def gate_of(tmp_path, **settings):
    return Gate(Settings(data_dir=tmp_path, **settings), Switches(tmp_path))


def asked(gate, visit=VISIT):
    """None when the visit is admitted, else the refusal."""

    async def once():
        try:
            async with gate.admit(visit):
                return None
        except Refused as refused:
            return refused

    return asyncio.run(once())


def test_an_address_asks_ten_times_in_any_minute(tmp_path, clock):
    gate = gate_of(tmp_path)
    assert [asked(gate) for _ in range(10)] == [None] * 10
    clock.now += 20
    refused = asked(gate)
    assert (refused.status, refused.code, refused.retry_after) == (429, "too_many", 40)
    assert asked(gate, replace(VISIT, address="address-2")) is None
    clock.now += 40.5
    assert asked(gate) is None


def test_an_address_asks_sixty_times_in_any_hour(tmp_path, clock):
    gate = gate_of(tmp_path)
    for _ in range(6):
        assert [asked(gate) for _ in range(10)] == [None] * 10
        clock.now += 61
    refused = asked(gate)
    assert refused.code == "too_many"
    assert 3000 < refused.retry_after <= 3600


def test_what_is_refused_is_not_counted(tmp_path, clock):
    gate = gate_of(tmp_path, limit_address_minute=1, limit_address_hour=2)
    assert asked(gate) is None
    for _ in range(5):
        assert asked(gate).status == 429
    clock.now += 61
    assert asked(gate) is None


def test_a_session_is_counted_wherever_it_asks_from(tmp_path, clock):
    gate = gate_of(tmp_path, limit_session_hour=3)
    visits = [Visit("widget", f"address-{n}", session="s") for n in range(4)]
    assert [asked(gate, visit) for visit in visits[:3]] == [None] * 3
    assert asked(gate, visits[3]).code == "too_many"


def test_a_site_has_its_questions_a_day(tmp_path, clock):
    gate = gate_of(tmp_path, limit_site_day=5)
    visits = [Visit("widget", f"address-{n}", site=SITE) for n in range(4)]
    assert [asked(gate, visit) for visit in visits[:3]] == [None] * 3
    assert asked(gate, visits[3]).code == "site_budget"
    unset = replace(SITE, key="efgh5678", daily_questions=None)
    visits = [Visit("widget", f"address-{n}", site=unset) for n in range(10, 16)]
    assert [asked(gate, visit) for visit in visits[:5]] == [None] * 5
    assert asked(gate, visits[5]).code == "site_budget"
    none = Visit("widget", "address-20", site=replace(SITE, key="ijkl9012", daily_questions=0))
    assert asked(gate, none).code == "site_budget"
    clock.now += 86401
    assert asked(gate, visits[5]) is None


def test_windows_that_are_over_are_forgotten(clock):
    counting = Counting()

    async def hits(count):
        for number in range(count):
            assert await counting.hit([Window(1, 60, ("address", f"{clock.now} {number}"))]) is None

    asyncio.run(hits(100))
    clock.now += SWEEP_S / 2
    asyncio.run(hits(1))
    assert len(counting.memory.events) == 101  # none is over yet
    clock.now += SWEEP_S
    asyncio.run(hits(1))
    assert len(counting.memory.events) == 1


def test_what_is_kept_of_visitors_is_bounded_by_the_hour_too(tmp_path, clock):
    gate = gate_of(tmp_path, limit_light_minute=10, limit_address_hour=12)

    async def told(what):
        try:
            await gate.light(VISIT, what)
        except Refused as refused:
            return refused.code
        return ""

    async def over_minutes(what):
        said = []
        for _ in range(2):
            said += [await told(what) for _ in range(10)]
            clock.now += 61
        return said

    assert asyncio.run(over_minutes("feedback")) == [""] * 12 + ["too_many"] * 8
    assert asyncio.run(over_minutes("search")) == [""] * 20


def test_a_paused_site_is_refused_before_it_is_counted(tmp_path):
    refused = asked(gate_of(tmp_path), Visit("widget", "a", site=replace(SITE, paused=True)))
    assert (refused.status, refused.code) == (403, "paused")


def test_a_switched_off_face_is_refused_at_once_and_open_again_at_once(tmp_path):
    gate = gate_of(tmp_path)
    assert asked(gate) is None
    throw(tmp_path, "api", on=False)
    assert asked(gate).code == "face_off"
    assert asked(gate, Visit("chat", "a")) is None
    throw(tmp_path, "api", on=True)
    assert asked(gate) is None


def test_a_damaged_switch_file_changes_nothing_and_is_named(tmp_path):
    throw(tmp_path, "model", on=False)
    switches = Switches(tmp_path)
    assert not switches.on("model")
    for damage in ("{", "[]", '{"off": "model"}', '{"off": ["all"]}', '{"off": 3}'):
        switches.path.write_text(damage)
        assert not switches.on("model")
        assert switches.on("chat")
        assert "sanad switch" in switches.problem
        with pytest.raises(ConfigurationError, match="sanad switch"):
            throw(tmp_path, "model", on=True)
    switches.path.unlink()
    assert switches.on("model")


def test_a_closing_gate_admits_nobody(tmp_path):
    gate = gate_of(tmp_path)
    gate.close()
    assert asked(gate).code == "closing"


def test_redis_that_is_away_leaves_this_process_counting(caplog):
    class Away(MemoryStorage):
        def get_moving_window(self, *_):
            raise StorageError(ConnectionError("redis://user:canary@host"))

        acquire_entry = get_moving_window

    counting = Counting(Away())
    window = Window(2, 60, ("address", "a"))
    found = [asyncio.run(counting.hit([window])) for _ in range(3)]
    assert found[:2] == [None, None]
    assert found[2].window == window
    assert "counts alone" in caplog.text
    assert "canary" not in caplog.text


def test_a_store_that_cannot_be_used_is_refused_without_its_password():
    with pytest.raises(ConfigurationError, match="SANAD_LIMITS_STORE") as caught:
        store_of("redis://user:canary@host:port/x")
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("url", ["memcached://x", "redis+unix:///socket", "http://x", "redis:///"])
def test_another_store_than_redis_is_no_setting(url):
    with pytest.raises(ValueError, match="redis"):
        Settings(limits_store=url)


def test_turns_are_bounded_and_go_round_the_addresses():
    async def play():
        turns = Turns(TurnLimits(at_once=1, queue=4, seconds=5, address_at_once=4))
        order = []

        async def ask(name):
            await turns.take(name[0])
            order.append(name)
            await asyncio.sleep(0)
            turns.give(name[0])

        await turns.take("first")
        waiting = [asyncio.create_task(ask(name)) for name in ("a1", "a2", "a3", "b1")]
        await asyncio.sleep(0)
        assert (turns.running, turns.waiting) == (1, 4)
        with pytest.raises(Refused) as caught:
            await turns.take("c")
        assert (caught.value.status, caught.value.code) == (429, "queue_full")
        turns.give("first")
        await asyncio.gather(*waiting)
        assert order == ["a1", "b1", "a2", "a3"]
        assert (turns.running, turns.waiting) == (0, 0)

    asyncio.run(play())


def test_one_address_holds_few_turns():
    async def play():
        turns = Turns(TurnLimits(at_once=8, queue=32, address_at_once=2))
        await turns.take("a")
        await turns.take("a")
        with pytest.raises(Refused) as caught:
            await turns.take("a")
        assert (caught.value.status, caught.value.code) == (429, "at_once")
        turns.give("a")
        await turns.take("a")
        await turns.take("b")

    asyncio.run(play())


def test_who_waits_too_long_or_leaves_takes_no_turn():
    async def play():
        turns = Turns(TurnLimits(at_once=1, queue=4, seconds=0.02))
        await turns.take("a")
        with pytest.raises(Refused) as caught:
            await turns.take("b")
        assert caught.value.code == "queue_full"
        left = asyncio.create_task(turns.take("c"))
        await asyncio.sleep(0)
        left.cancel()
        with pytest.raises(asyncio.CancelledError):
            await left
        assert turns.waiting == 0
        turns.give("a")
        assert turns.running == 0
        await turns.take("d")

    asyncio.run(play())


def test_a_turn_that_comes_as_its_waiter_leaves_is_handed_on():
    async def play():
        turns = Turns(TurnLimits(at_once=1, queue=4, seconds=5))
        await turns.take("a")
        leaving = asyncio.create_task(turns.take("b"))
        staying = asyncio.create_task(turns.take("c"))
        await asyncio.sleep(0)
        turns.give("a")  # b's turn has come, b has not run yet
        leaving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaving
        await staying
        assert (turns.running, turns.waiting) == (1, 0)

    asyncio.run(play())


def test_a_turn_is_given_back_however_the_question_ends(tmp_path):
    async def play():
        gate = gate_of(tmp_path)
        with pytest.raises(ZeroDivisionError):
            async with gate.admit(VISIT):
                raise ZeroDivisionError
        admission = await gate.enter(VISIT)
        assert gate.turns.running == 1
        admission.leave()
        admission.leave()
        assert gate.turns.running == 0

    asyncio.run(play())
