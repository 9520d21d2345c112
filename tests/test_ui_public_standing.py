"""The standing as a whole: built once from the settings."""

from __future__ import annotations

import asyncio

import pytest

from rag.errors import ConfigurationError
from rag.settings import Settings
from ui.public.counting import Counting, Window, store_of
from ui.public.standing import standing

NOWHERE = "redis://127.0.0.1:1/0"  # port 1: nobody listens


def scope(address):
    return {"client": (address, 1), "headers": []}


def test_tokens_of_one_data_folder_are_read_by_every_server_over_it(tmp_path):
    first, second = (standing(Settings(data_dir=tmp_path)) for _ in range(2))
    assert second.tokens.read(first.tokens.issue("abcd1234"), "abcd1234")


def test_addresses_are_hashed_alike_only_by_servers_that_count_together(tmp_path):
    alone = [standing(Settings(data_dir=tmp_path)) for _ in range(2)]
    together = [standing(Settings(data_dir=tmp_path, limits_store=NOWHERE)) for _ in range(2)]
    hashed = [each.visits.of("api", scope("203.0.113.9")).address for each in (*alone, *together)]
    assert len(set(hashed)) == 3
    assert hashed[2] == hashed[3]


def test_without_a_folder_to_write_to_the_server_stands_with_a_secret_of_its_own(tmp_path, caplog):
    (tmp_path / "file").touch()
    folder = tmp_path / "file" / "data"
    built = standing(Settings(data_dir=folder))
    assert "will not outlive this process" in caplog.text
    assert built.tokens.read(built.tokens.issue("abcd1234"), "abcd1234")
    with pytest.raises(ConfigurationError, match="data folder"):
        standing(Settings(data_dir=folder, limits_store=NOWHERE))


def test_a_redis_that_nobody_runs_leaves_the_limits_standing(caplog):
    counting = Counting(store_of(NOWHERE))
    window = Window(2, 60, ("address", "a"))
    found = [asyncio.run(counting.hit([window])) for _ in range(3)]
    assert [each is None for each in found] == [True, True, False]
    assert "counts alone" in caplog.text


def test_the_gauges_follow_the_gate(tmp_path):
    built = standing(Settings(data_dir=tmp_path))

    async def inside():
        async with built.gate.admit(built.visits.of("api", scope("203.0.113.9"))):
            return built.metrics.text()

    assert b"sanad_questions_running 1.0" in asyncio.run(inside())
    assert b"sanad_questions_running 0.0" in built.metrics.text()
