"""What the language model may cost in a day: reserved before a call, settled after it.

The account is a small SQLite file in the data folder, so that processes share it and a
restart does not forget. A process that dies in a call leaves its reservation standing
until the day (UTC) ends: it may have been spent. Knows no prompt and no provider.
"""

from __future__ import annotations

import datetime
import logging
import sqlite3
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from rag.generate import Draft, Prompt, Writer, never
from rag.types import Usage
from rag.writing.providers import WriterSettings
from rag.writing.trouble import Kind, ModelTrouble

log = logging.getLogger(__name__)

FILE = "budget.sqlite"
BUSY_S = 2.0  # how long a call waits for another to write its line
# No tokenizer is loaded to count. Two bytes a token is more than any model takes for English
# (about four), and about what the wasteful ones take for Arabic: a reservation errs upwards.
BYTES_PER_TOKEN = 2
# Nothing was read, so nothing is charged; an outage must not use the day's budget up.
_FREE: tuple[Kind, ...] = (
    "unreachable", "unauthorised", "rate_limited", "server_error", "rejected",
)  # fmt: skip
_SCHEMA = """
CREATE TABLE IF NOT EXISTS calls (
    id INTEGER PRIMARY KEY, day TEXT NOT NULL, settled INTEGER NOT NULL,
    tokens INTEGER NOT NULL, cost REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS calls_day ON calls(day);
"""


@dataclass(frozen=True, slots=True)
class Spent:
    """Tokens, and money in the currency of the prices."""

    tokens: int = 0
    cost: float = 0.0


class Budget:
    """The account of a data folder. Safe between threads and processes."""

    def __init__(
        self,
        data_dir: Path,
        tokens_day: int,
        cost_day: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """0: no limit of that kind."""
        self._path = data_dir / FILE
        self._limits = Spent(tokens_day, cost_day)
        self._clock = clock

    def reserve(self, asked: Spent) -> int | None:
        """Set something aside; its number, or None when the day has no room for it."""
        day = self._today()
        with self._transaction() as account:
            account.execute("DELETE FROM calls WHERE day < ?", (day,))
            spent = _sum(account, day)
            if _over(spent.tokens + asked.tokens, self._limits.tokens):
                return None
            if _over(spent.cost + asked.cost, self._limits.cost):
                return None
            row = account.execute(
                "INSERT INTO calls (day, settled, tokens, cost) VALUES (?, 0, ?, ?)",
                (day, asked.tokens, asked.cost),
            )
            return row.lastrowid

    def settle(self, number: int, spent: Spent) -> None:
        """Put what was spent in place of what was reserved."""
        with self._transaction() as account:
            account.execute(
                "UPDATE calls SET settled = 1, tokens = ?, cost = ? WHERE id = ?",
                (spent.tokens, spent.cost, number),
            )

    def today(self) -> Spent:
        """Spent and reserved since midnight UTC."""
        with self._transaction() as account:
            return _sum(account, self._today())

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """One writer at a time, from the look to the line: no two calls get the same room."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self._path, timeout=BUSY_S, isolation_level=None)) as account:
            account.executescript(_SCHEMA)
            account.execute("BEGIN IMMEDIATE")
            try:
                yield account
            except BaseException:
                account.execute("ROLLBACK")
                raise
            account.execute("COMMIT")

    def _today(self) -> str:
        return datetime.datetime.fromtimestamp(self._clock(), datetime.UTC).date().isoformat()


def _sum(account: sqlite3.Connection, day: str) -> Spent:
    tokens, cost = account.execute(
        "SELECT COALESCE(SUM(tokens), 0), COALESCE(SUM(cost), 0.0) FROM calls WHERE day = ?", (day,)
    ).fetchone()
    return Spent(int(tokens), float(cost))


def _over(sum_: float, limit: float) -> bool:
    return limit > 0 and sum_ > limit


class ThriftyWriter:
    """A writer that asks its budget and the switch first. Both are asked at each call."""

    def __init__(
        self,
        writer: Writer,
        settings: WriterSettings,
        budget: Budget | None,
        allowed: Callable[[], bool],
    ) -> None:
        """Without a `budget` nothing is counted. `allowed` is the switch of the model."""
        self._writer = writer
        self._settings = settings
        self._budget = budget
        self._allowed = allowed

    @property
    def name(self) -> str:
        """The model."""
        return self._writer.name

    def write(self, prompt: Prompt, cancelled: Callable[[], bool] = never) -> Draft:
        """A draft; iterating it raises ModelTrouble "switched_off" or "over_budget", and then
        nothing was sent."""
        drafts: list[Draft] = []
        pieces = self._pieces(prompt, cancelled, drafts)
        return Draft(pieces, lambda: drafts[0].usage if drafts else Usage())

    def _pieces(
        self, prompt: Prompt, cancelled: Callable[[], bool], drafts: list[Draft]
    ) -> Generator[str, None, None]:
        if not self._allowed():
            raise ModelTrouble("switched_off", self.name)
        number = self._reserved(prompt)
        draft = self._writer.write(prompt, cancelled)
        drafts.append(draft)
        said, free = 0, False
        try:
            with closing(iter(draft)) as texts:
                for text in texts:
                    said += len(text.encode())
                    yield text
        except ModelTrouble as trouble:
            free = trouble.kind in _FREE and not said
            raise
        finally:
            if number is not None and self._budget is not None:
                usage = Usage(0, 0) if free else draft.usage
                self._settle(self._budget, number, usage, prompt, said)

    def _reserved(self, prompt: Prompt) -> int | None:
        if self._budget is None:
            return None
        try:
            number = self._budget.reserve(self._most(_tokens(prompt), self._settings.max_tokens))
        except sqlite3.Error as error:
            # An account that cannot be written must not mean that everything is free.
            log.warning("the budget cannot be read, no model is asked: %s", error)
            number = None
        if number is None:
            raise ModelTrouble("over_budget", self.name)
        return number

    def _settle(self, budget: Budget, number: int, usage: Usage, prompt: Prompt, said: int) -> None:
        """By what the provider told; else by what was sent and came back, estimated upwards."""
        read = usage.input_tokens if usage.input_tokens is not None else _tokens(prompt)
        written = usage.output_tokens if usage.output_tokens is not None else said
        try:
            budget.settle(number, self._most(read, written))
        except sqlite3.Error as error:
            log.warning("a reservation of the budget was not settled and stands: %s", error)

    def _most(self, read: int, written: int) -> Spent:
        prices = (self._settings.price_input, self._settings.price_output)
        return Spent(read + written, (read * prices[0] + written * prices[1]) / 1e6)


def _tokens(prompt: Prompt) -> int:
    return -(-len(f"{prompt.system}{prompt.user}".encode()) // BYTES_PER_TOKEN)
