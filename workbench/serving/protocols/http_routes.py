"""The paths of the gateway's HTTP."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from workbench.serving.dataplane.request_error import RequestError

MODEL_VERBS = {"predict", "invocations", "stream", "infer"}
"""The verbs that a model answers; the gateway answers all others itself."""

_PLAIN = {"predict", "invocations", "stream", "ping", "health", "version"}
_OF_ENDPOINT = _PLAIN | {"metrics", "openapi.json"}


@dataclass(frozen=True, slots=True)
class Target:
    """The target that a path names.

    Attributes:
        verb: ``predict``, ``invocations``, ``stream``, ``infer``, ``ping``, ``health``, ``version``, ``metrics``,
            ``openapi.json``, ``docs``, ``about``, ``server``, ``live``, ``ready`` or ``metadata``.
        endpoint: The endpoint's name, an empty string for the gateway as a whole.
        model: The model's name, where the endpoint has several.
        version: The only one that may answer.
        rest: The rest of the path, for ``docs``.
    """

    verb: str
    endpoint: str = ""
    model: str = ""
    version: str | None = None
    rest: str = ""

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods that it takes."""
        return ("POST",) if self.verb in MODEL_VERBS else ("GET", "HEAD")


def find_target(path: str, is_endpoint: Callable[[str], bool]) -> Target:
    """Return the target of a path; slashes at its end do not matter.

    Raises:
        RequestError: 404 for an unknown path.
    """
    parts = path.strip("/").split("/")
    target = None
    if len(parts) == 2 and parts[1] in _OF_ENDPOINT:
        target = Target(parts[1], parts[0])
    elif parts == [""]:
        target = Target("about")
    elif parts[0] == "v2":
        target = _protocol(parts[1:], "", "", is_endpoint)
    elif len(parts) == 1:
        target = Target("about", parts[0])
    elif parts[1] == "docs":
        target = Target("docs", parts[0], rest=path[path.index("/docs", len(parts[0])) + 5 :])
    elif parts[1] == "v2":
        target = _protocol(parts[2:], parts[0], "", is_endpoint)
    elif parts[1] == "models" and len(parts) == 4 and parts[3] in _PLAIN:
        target = Target(parts[3], parts[0], parts[2])
    elif parts[1] == "models" and len(parts) > 3 and parts[3] == "v2":
        target = _protocol(parts[4:], parts[0], parts[2], is_endpoint)
    if target is None:
        raise RequestError(404, f"Cannot find '{path[:200]}': there is nothing at this path. See /<endpoint>/docs.")
    return target


def _protocol(parts: list[str], endpoint: str, model: str, is_endpoint: Callable[[str], bool]) -> Target | None:
    """Return the target of a path of the Open Inference Protocol, without ``/v2``."""
    if not parts:
        return Target("server", endpoint)
    if parts == ["health", "live"]:
        return Target("live", endpoint)
    if parts == ["health", "ready"]:
        return Target("ready", endpoint)
    if parts[0] != "models" or len(parts) < 2:
        return None
    name, rest = parts[1], parts[2:]
    version = None
    if len(rest) >= 2 and rest[0] == "versions":
        version, rest = rest[1], rest[2:]
    verb = {(): "metadata", ("infer",): "infer", ("ready",): "ready", ("stream",): "stream"}.get(tuple(rest))
    if verb is None:
        return None
    if not endpoint:
        endpoint, model = split_name(name, is_endpoint)
    elif not model and name != endpoint:
        model = name.removeprefix(f"{endpoint}.")
    return Target(verb, endpoint, model, version)


def split_name(name: str, is_endpoint: Callable[[str], bool]) -> tuple[str, str]:
    """Return endpoint and model of ``endpoint`` or ``endpoint.model``; both may hold dots."""
    parts = name.split(".")
    for count in range(len(parts), 0, -1):
        endpoint = ".".join(parts[:count])
        if is_endpoint(endpoint):
            return endpoint, ".".join(parts[count:])
    return name, ""
