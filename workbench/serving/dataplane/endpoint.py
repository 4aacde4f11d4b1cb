"""One endpoint in the data plane: access, choice of a version, cache and shadow."""

from __future__ import annotations

from time import monotonic

from workbench.records.endpoints import RouteTable
from workbench.serving.dataplane.access import AccessControl
from workbench.serving.dataplane.answer_cache import AnswerCache
from workbench.serving.dataplane.backend import Backend
from workbench.serving.dataplane.pending_request import wants_parts
from workbench.serving.dataplane.request import Answer, Request
from workbench.serving.dataplane.request_error import RequestError
from workbench.serving.dataplane.shadow import Shadow
from workbench.serving.dataplane.traffic_split import WeightedChoice


class ServedEndpoint:
    """Puts a routing table into effect.

    Args:
        table: The first routing table.
        versions: The backends by version; the data plane adds and removes them.
    """

    def __init__(self, table: RouteTable, versions: dict[str, Backend]) -> None:
        self.name = table.name
        self.table = table
        self.versions = versions
        self.access = AccessControl(table)
        self.cache = AnswerCache(table.limits.cache)
        self.shadow: Shadow | None = None
        self._choice = WeightedChoice({})
        self.put(table)

    def put(self, table: RouteTable) -> None:
        """Route by another table from now on; a rate that is none raises ``ValueError`` and changes nothing."""
        self.access.put(table)
        self.table = table
        self.cache.resize(table.limits.cache)
        for backend in self.versions.values():
            backend.samples.resize(table.limits.samples)
        choice = WeightedChoice(table.weights)
        if choice.weights != self._choice.weights:
            self._choice = choice
        if table.shadow != (self.shadow.version if self.shadow else None):
            self.close()
            self.shadow = Shadow(table.shadow) if table.shadow is not None else None

    @property
    def champion(self) -> Backend | None:
        """The version with the most traffic."""
        weights = self._choice.weights
        return self.versions.get(max(weights, key=weights.__getitem__)) if weights else None

    @property
    def is_ready(self) -> bool:
        """Whether each version that has traffic would answer."""
        backends = [self.versions.get(version) for version in self._choice.weights]
        return bool(backends) and all(backend is not None and backend.is_ready for backend in backends)

    def close(self) -> None:
        """Cancel the work beside requests."""
        if self.shadow is not None:
            self.shadow.close()

    async def ask(self, request: Request) -> Answer:
        """Return the answer to a request, also where that is an error."""
        backend: Backend | None = None
        try:
            self._admit(request)
            backend = self._choose(request)
            answer = await self._answer(backend, request)
        except RequestError as error:
            answer = error.answer(request.route)
        if backend is not None:
            answer.headers["X-Workbench-Version"] = backend.version
        return answer

    def _admit(self, request: Request) -> None:
        try:
            self.access.admit(request.token, monotonic())
        except RequestError as error:
            if error.status == 429 and self.champion is not None:
                self.champion.stats.record(monotonic(), 429, 0.0)
            raise
        most = self.table.limits.max_body
        if len(request.body) > most:
            raise too_large(self.name, most)

    def _choose(self, request: Request) -> Backend:
        if request.version is not None:
            backend = self.versions.get(request.version)
            if backend is None or backend.is_draining:
                known = ", ".join(sorted(label for label, known in self.versions.items() if not known.is_draining))
                raise RequestError(
                    404,
                    f"Cannot ask version {request.version[:80]!r} of '{self.name}': it has no such version. "
                    f"Ask one of: {known or 'none'}.",
                )
            return backend
        version = self._choice.of(request.key) if request.key else self._choice.next()
        backend = None if version is None else self.versions.get(version)
        if backend is None or backend.is_draining:
            text = f"Cannot ask the endpoint '{self.name}': no version of it takes requests now. Ask again later."
            raise RequestError(503, text, retry_after_s=5)
        return backend

    async def _answer(self, backend: Backend, request: Request) -> Answer:
        if self.cache.size and not wants_parts(request):
            answer = await self._cached(backend, request)
        else:
            answer = await backend.ask(request)
        shadow = self.shadow
        if shadow is not None and shadow.version != backend.version and answer.parts is None:
            other = self.versions.get(shadow.version)
            if other is not None:
                shadow.copy(request, answer, other)
        return answer

    async def _cached(self, backend: Backend, request: Request) -> Answer:
        began = monotonic()
        outcome, is_shared = await self.cache.ask(backend.version, request, backend.ask)
        if is_shared:
            now = monotonic()
            is_hit = isinstance(outcome, Answer)
            backend.stats.record(now, outcome.status, (now - began) * 1000, is_hit=is_hit)
        if isinstance(outcome, RequestError):
            raise outcome
        if not is_shared:
            return outcome
        return Answer(outcome.status, outcome.body, outcome.content_type, {"X-Workbench-Cache": "hit"})


def too_large(name: str, most: int) -> RequestError:
    """Return the error of a body beyond the limit."""
    text = f"Cannot read the body: it has more than {most} bytes, the limit of '{name}'. Send fewer rows at a time."
    return RequestError(413, text)
