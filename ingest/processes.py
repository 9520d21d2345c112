"""Processes that prepare documents: Python works on one core a process.

A process has a sandboxed child of its own and runs `ingest.prepare.described`, so that its result
is the one the caller would have got. It ends when its parent does, however that ended.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import threading
import time
from concurrent.futures import ProcessPoolExecutor

from ingest.ocr import Ocr
from ingest.prepare import Prepared, Taken, described
from ingest.report import Options
from ingest.sandbox import Limits, Sandbox
from ingest.scan import Scans
from ingest.tables import Tables
from rag.errors import SanadError

log = logging.getLogger(__name__)
_WATCH_S = 1.0
_tools: tuple[Sandbox, Scans] | None = None  # of a process of the pool


class Processes:
    """A pool that is started with the first document. Safe between threads."""

    def __init__(self, options: Options) -> None:
        self._workers = options.workers
        self._given = (options.limits, options.ocr, options.tables)
        self._pool: ProcessPoolExecutor | None = None
        self._lock = threading.Lock()
        self.work = options.workers > 1  # False once one of them has died: the caller goes on alone

    def described(self, taken: Taken) -> Prepared | None:
        """The document, made in a process; None where that could not be, and the caller is to
        make it: the process died of it, or could not be started."""
        try:
            done = self._started().submit(_described, taken).result()
        except Exception:  # of the pool, the system or the way there, not of the document
            log.exception("%s could not be prepared by a process; threads go on", taken.id)
            self.work = False
            return None
        if isinstance(done, SanadError):
            raise done
        return done

    def _started(self) -> ProcessPoolExecutor:
        with self._lock:
            if self._pool is None:
                self._pool = ProcessPoolExecutor(
                    self._workers,
                    mp_context=multiprocessing.get_context("spawn"),
                    initializer=_begin,
                    initargs=(*self._given, os.getpid()),
                )
            return self._pool

    def close(self) -> None:
        """End the processes."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)


def _begin(limits: Limits, ocr: Ocr | None, tables: Tables | None, parent: int) -> None:
    global _tools
    _tools = Sandbox(limits), Scans.of(ocr, 1, limits, tables)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    """A pool's process waits for work for ever, also when nobody is left to send any."""
    while os.getppid() == parent:
        time.sleep(_WATCH_S)
    os._exit(1)


def _described(taken: Taken) -> Prepared | SanadError:
    assert _tools is not None
    sandbox, scans = _tools
    try:
        return described(taken, sandbox.read, scans)
    except SanadError as error:
        return error
