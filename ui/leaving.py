"""Work that ends when the client leaves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import anyio
from starlette.types import Receive


async def unless_left(receive: Receive, work: Callable[[], Awaitable[None]]) -> None:
    """Do `work`, which is cancelled when the connection of `receive` closes."""
    async with anyio.create_task_group() as group:

        async def left() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass
            group.cancel_scope.cancel()

        group.start_soon(left)
        await work()
        group.cancel_scope.cancel()
