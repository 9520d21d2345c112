"""The events of a question, of which journal, metrics and the log of questions are told.

Every face sends its events through here, so that what came of a question is written down
the same way. Knows no form of reply.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, AsyncIterator

import anyio

from ui.answering import Asked, Event
from ui.public.journal import Entry
from ui.public.questions import QuestionLog

trouble = logging.getLogger(__name__)


async def noted(
    events: AsyncIterator[Event], asked: Asked, entry: Entry, log: QuestionLog
) -> AsyncGenerator[Event, None]:
    """The events as they are. The one that ends the question is noted before it is passed on;
    one that ends it without a reply is a failure."""
    async for event in events:
        reply = event.get("reply")
        if reply:
            entry.take_reply(reply)
        elif event["type"] == "failed" or event.get("done"):
            reply = entry.reply = "failed"
        if reply and log.enabled:
            language = entry.language or asked.interface
            try:
                await anyio.to_thread.run_sync(
                    log.keep, asked.question, entry.face, language, entry.reply
                )
            except OSError as error:  # a full disk takes the log, not the answer
                trouble.warning("a question was not kept: %s", error.strerror)
        yield event
