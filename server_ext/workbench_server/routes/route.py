"""A route, declared once: what it takes, the bridge's verb that answers it, and how ``openapi.json`` describes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench_server.routes.paths import Segment
from workbench_server.routes.values import BodyValue, QueryValue

if TYPE_CHECKING:
    from workbench_server.routes.handler import WorkbenchHandler

ROOT = "/workbench/api"


@dataclass(frozen=True, kw_only=True)
class Route:
    """A method of a path.

    Args:
        method: The HTTP method.
        path: The parts of the path below ``/workbench/api``.
        summary: One line, for ``openapi.json``.
        verb: The bridge's verb; it may be left out where ``local`` answers.
        local: A function of the server's own that answers.
        query: Values of the query string.
        body: Values of the request's body.
        whole_body: The verb's argument that takes all of the body: options that the library declares and checks.
        errors: Statuses of refusals, besides those that any route can have.
        timeout_s: Seconds after which the bridge's answer is given up; None for the bridge's own limit.
    """

    method: str
    path: tuple[str | Segment, ...]
    summary: str
    verb: str = ""
    local: Callable[[], Any] | None = None
    query: tuple[QueryValue, ...] = ()
    body: tuple[BodyValue, ...] = ()
    whole_body: str = ""
    errors: tuple[int, ...] = ()
    timeout_s: float | None = None

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The names in the path."""
        return tuple(part for part in self.path if isinstance(part, Segment))

    @property
    def pattern(self) -> str:
        """The path as a regular expression."""
        return "/".join([ROOT, *(part if isinstance(part, str) else f"(?P<{part.name}>[^/]+)" for part in self.path)])

    @property
    def template(self) -> str:
        """The path with its names in braces."""
        return "/".join([ROOT, *(part if isinstance(part, str) else f"{{{part.name}}}" for part in self.path)])

    def arguments(self, handler: WorkbenchHandler, texts: dict[str, str]) -> dict[str, Any]:
        """Return the verb's arguments out of a request.

        Args:
            handler: The handler of the request.
            texts: The texts of the path's segments by name.

        Raises:
            HTTPError: A value is missing or bad; the words name it.
            BridgeError: A name in the path can name nothing.
        """
        found: dict[str, Any] = {}
        for value in self.query:
            given = handler.query_text(value.name, is_required=value.is_required)
            found[value.argument or value.name] = value.parse(given)
        if self.whole_body:
            found[self.whole_body] = handler.body()
        elif self.body:
            body = handler.body()
            found |= {value.argument or value.name: value.read(body) for value in self.body}
        for segment in self.segments:
            found[segment.argument or segment.name] = segment.read(texts[segment.name])
        return found
