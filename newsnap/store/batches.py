"""Batches: many that ask at once are answered by one operation, and each waits for its own answer."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Batches(Generic[T, R]):
    """Gathers what comes within `seconds`, at most `size`, and flushes one batch at a time.

    While one batch is being written the next fills, so memory is bounded by those who wait.
    """

    def __init__(
        self, flush: Callable[[Sequence[T]], Awaitable[Sequence[R | Exception]]], *, size: int, seconds: float
    ):
        """Take a function that answers each member of a batch, in order; an exception is its member's alone."""
        self._flush = flush
        self._size = size
        self._seconds = seconds
        self._waiting: list[tuple[T, asyncio.Future[R]]] = []
        self._full = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def ask(self, member: T) -> R:
        """Put a member into the next batch and wait for its answer."""
        answer: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((member, answer))
        if len(self._waiting) >= self._size:
            self._full.set()
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        return await answer

    async def _run(self) -> None:
        try:
            while self._waiting:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._full.wait(), self._seconds)
                batch, self._waiting = self._waiting[: self._size], self._waiting[self._size :]
                if len(self._waiting) < self._size:
                    self._full.clear()
                await self._answer(batch)
        finally:
            self._task = None

    async def _answer(self, batch: list[tuple[T, asyncio.Future[R]]]) -> None:
        answers: Sequence[R | Exception]
        try:
            answers = await self._flush([member for member, _ in batch])
        except Exception as error:  # the whole batch failed: each member's caller hears of it
            answers = [error] * len(batch)
        for (_, future), answer in zip(batch, answers, strict=True):
            if future.done():
                continue
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)
