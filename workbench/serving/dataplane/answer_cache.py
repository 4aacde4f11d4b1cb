"""A cache of answers for equal requests; equal requests that come together are computed once."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable

from workbench.serving.dataplane.request import Answer, Request
from workbench.serving.dataplane.request_error import RequestError

MAX_BYTES = 64 * 2**20

Key = tuple[str, str, str, str, str, bytes]


class AnswerCache:
    """The answers of an endpoint that were last used.

    An ``OrderedDict`` and not ``cachetools.LRUCache``: that bounds either the number of answers or their bytes, and
    takes three times as long for a hit.

    Args:
        size: The most answers to keep, within 64 MiB.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._answers: OrderedDict[Key, Answer] = OrderedDict()
        self._bytes = 0
        self._under_way: dict[Key, asyncio.Future[Answer | RequestError | None]] = {}

    async def ask(
        self, version: str, request: Request, compute: Callable[[Request], Awaitable[Answer]]
    ) -> tuple[Answer | RequestError, bool]:
        """Return an answer or error, and whether it is another request's."""
        key = (version, request.model, request.route, request.content_type, request.accept, request.body)
        while True:
            answer = self._answers.get(key)
            if answer is not None:
                self._answers.move_to_end(key)
                return answer, True
            shared = self._under_way.get(key)
            if shared is None:
                return await self._compute(key, request, compute), False
            outcome = await asyncio.shield(shared)
            if outcome is not None:  # else its client hung up: one of those that wait computes it
                return outcome, True

    async def _compute(
        self, key: Key, request: Request, compute: Callable[[Request], Awaitable[Answer]]
    ) -> Answer | RequestError:
        shared: asyncio.Future[Answer | RequestError | None] = asyncio.get_running_loop().create_future()
        self._under_way[key] = shared
        outcome: Answer | RequestError | None = None
        try:
            outcome = await compute(request)
        except RequestError as error:
            outcome = error
        finally:
            if self._under_way.get(key) is shared:
                del self._under_way[key]
                if isinstance(outcome, Answer) and outcome.status == 200 and outcome.parts is None:
                    self._keep(key, outcome)
            is_whole = not isinstance(outcome, Answer) or outcome.parts is None
            shared.set_result(outcome if is_whole else None)
        return outcome

    def resize(self, size: int) -> None:
        """Change the number of answers that are kept."""
        self.size = size
        self._shrink()

    def forget(self, version: str) -> None:
        """Drop a version's answers, those in progress too."""
        for key in [key for key in self._answers if key[0] == version]:
            self._drop(key)
        for key in [key for key in self._under_way if key[0] == version]:
            del self._under_way[key]

    def _keep(self, key: Key, answer: Answer) -> None:
        if key in self._answers:
            self._drop(key)
        if _weight(key, answer) > MAX_BYTES // 8:  # one answer must not push all others out
            return
        self._answers[key] = answer
        self._bytes += _weight(key, answer)
        self._shrink()

    def _shrink(self) -> None:
        while self._answers and (len(self._answers) > self.size or self._bytes > MAX_BYTES):
            self._drop(next(iter(self._answers)))

    def _drop(self, key: Key) -> None:
        self._bytes -= _weight(key, self._answers.pop(key))


def _weight(key: Key, answer: Answer) -> int:
    return len(key[-1]) + len(answer.body) + 500  # the overhead of Python's objects
