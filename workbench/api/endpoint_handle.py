"""An endpoint as its user holds it: asked, watched and steered from the notebook or a script."""

from __future__ import annotations

import contextlib
import math
import os
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from workbench.api import endpoint_snippets
from workbench.api.project import Project
from workbench.errors import (
    ClusterError,
    EndpointNotFoundError,
    ForemanError,
    OptionError,
    ServingError,
    WorkbenchError,
)
from workbench.options.serving import check_limits
from workbench.options.values import parse_replicas
from workbench.records.endpoint_answers import Sample
from workbench.records.endpoint_snapshot import EndpointSnapshot, EndpointStats, TokenRow, VersionSnapshot
from workbench.records.endpoints import VersionState
from workbench.records.logs import LogPage
from workbench.serving.gateway_client import gateway_of
from workbench.serving.token_files import DEFAULT, digest, forget_token, make_token, read_token, token_path
from workbench.tracking.log_file import LogFile

_POLL_S = 0.1
_FOLDER_WITHIN_S = 8.0


class Endpoint:
    """An endpoint, as :func:`workbench.publish` and :func:`workbench.endpoint` return it.

    ::

        digits = workbench.endpoint("digits")
        digits.predict(X[:3])                # what model.predict(X[:3]) says
        digits.set_traffic({"3": 90, "4": 10})
        digits.rollback()

    Args:
        project: The project that asks.
        name: The endpoint's name.
    """

    def __init__(self, project: Project, name: str) -> None:
        self._project = project
        self.name = name
        self._client: Any = None
        self._folder: Path | None = None

    def __repr__(self) -> str:
        found = self.snapshot()
        shares = ", ".join(
            f"{version['label']} {version['weight']:g} %" for version in found["versions"] if version["weight"]
        )
        return f"<endpoint {self.name} at {found['url']}: {found['state']}{f', {shares}' if shares else ''}>"

    def call(self, verb: str, *arguments: Any, timeout_s: float = 60.0) -> Any:
        """Call a verb of the gateway that is about this endpoint.

        Raises ``EndpointNotFoundError``, or ``ServingError`` with ``is_asleep`` where it is only written down.
        """
        try:
            gateway = gateway_of(self._project.connection(start=False), start=False)
        except ForemanError:  # it is there, and silent
            raise
        except (ClusterError, ServingError) as error:
            raise self._absent(f"Cannot find endpoint {self.name!r}: nothing is published.") from error
        try:
            return gateway.call(verb, self.name, *arguments, timeout_s=timeout_s)
        except EndpointNotFoundError as error:
            raise self._absent(str(error)) from error

    def _absent(self, message: str) -> WorkbenchError:
        """Return the error for an endpoint that the gateway does not run."""
        files = (self._project.settings.state_dir / "endpoints").glob("*.json")
        if self.name not in {path.stem for path in files}:
            return EndpointNotFoundError(message)
        return ServingError(
            f"Endpoint {self.name!r} was published, but does not run: its cluster ended. "
            "Bring it back: %endpoints restore",
            is_asleep=True,
        )

    def snapshot(self, *, timeout_s: float = 60.0) -> EndpointSnapshot:
        """Return all that is known of it, as the panel shows it."""
        found: EndpointSnapshot = self.call("snapshot", timeout_s=timeout_s)
        self._folder = Path(found["state_dir"])
        return found

    # -- asking --------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """Its URL; ``/predict``, ``/invocations``, ``/v2`` and ``/docs`` lie below."""
        return str(self.snapshot()["url"])

    @property
    def grpc_url(self) -> str:
        """The address of its gRPC server, ``host:port``."""
        return str(self.snapshot()["grpc_url"])

    @property
    def token(self) -> str:
        """The token that it was published with, or another one made here. Keep it out of notebooks."""
        return read_token(self._state_dir(), self.name, self.token_file.name)

    @property
    def token_file(self) -> Path:
        """The file of that token, readable by you alone."""
        first = token_path(self._state_dir(), self.name)
        # What begins with a dot is on its way to become a token.
        return first if os.access(first, os.R_OK) else next(iter(sorted(first.parent.glob("[!.]*"))), first)

    def predict(self, data: Any, *, model: str = "", version: str | None = None, timeout_s: float = 60.0) -> Any:
        """Return what its model predicts for ``data``: the same as the model's own ``predict``.

        Args:
            data: Rows: lists, an array, a DataFrame, an Arrow table, a tensor.
            model: The model, where the endpoint has several.
            version: Only this version may answer.
            timeout_s: Seconds to wait for the answer.

        Raises ``PredictionError`` with the endpoint's own message.
        """
        return self._http_client().predict(data, model=model, version=version, timeout_s=timeout_s)

    def stream(self, data: Any, *, model: str = "") -> Iterator[Any]:
        """Yield what its model yields, one by one, where it is a generator."""
        return iter(self._http_client().stream(data, model=model))

    def _http_client(self) -> Any:
        if self._client is None:
            from workbench.serving.client.client import EndpointClient

            self._client = EndpointClient(self.url, lambda: self.token)
        return self._client

    def stats(self, version: str | None = None) -> EndpointStats:
        """Return requests, errors, latencies and queue of a version, by default the one with the most traffic.

        ``rate`` is per second, ``p50_ms``, ``p95_ms`` and ``p99_ms`` are of the last minute.
        """
        versions = self.snapshot()["versions"]
        if version is None:
            version = max(versions, key=lambda one: one["weight"])["label"] if versions else ""
        for one in versions:
            if one["label"] == version:
                return one["stats"]
        known = ", ".join(one["label"] for one in versions)
        raise OptionError(f"Cannot find version {version!r} of {self.name!r}: its versions are {known}.")

    # -- steering ------------------------------------------------------------------------------

    def set_traffic(self, weights: Mapping[str, float]) -> EndpointSnapshot:
        """Share the requests between versions by weight; :meth:`rollback` undoes it."""
        shares = {str(label): float(weight) for label, weight in weights.items()}
        if not math.isfinite(sum(shares.values())):
            raise OptionError(f"Cannot share the traffic of {self.name!r} as {shares}: give finite numbers.")
        return self._steer("set_traffic", shares)

    def set_shadow(self, version: str | None) -> EndpointSnapshot:
        """Send a version a copy of each request, and drop its answers; None ends that."""
        return self._steer("set_shadow", version)

    def promote(self, version: str) -> EndpointSnapshot:
        """Give a version all requests."""
        return self._steer("promote", str(version))

    def rollback(self) -> EndpointSnapshot:
        """Share the requests as before the last change, at once: the version before is still up."""
        return self._steer("rollback")

    def scale(self, replicas: str | int, version: str | None = None) -> EndpointSnapshot:
        """Set how many replicas there may be: ``2``, or ``"1..4"``; from 0 it sleeps while nobody asks."""
        low, high = parse_replicas(replicas)
        return self._steer("set_replicas", low, high, version)

    def set_limits(self, /, **changes: Any) -> EndpointSnapshot:
        """Change limits; those that are not given stay as they are.

        Args:
            changes: ``max_body`` (bytes, or ``"16M"``), ``rate`` (requests per second and token, None or 0 for any
                number), ``cache`` (stored answers), ``samples`` (stored requests of each version, with their answers;
                0 deletes the existing ones).
        """
        if changes.get("rate") == 0 and not isinstance(changes["rate"], bool):
            changes["rate"] = None
        return self._steer("set_limits", check_limits(changes))

    def withdraw(self) -> None:
        """End it. Its models stay registered, its history stays, and its tokens stop working."""
        labels, folder = [token["label"] for token in self.tokens()], self._state_dir()
        self.call("withdraw")
        for label in labels:
            forget_token(folder, self.name, label)
        with contextlib.suppress(OSError):
            token_path(folder, self.name).parent.rmdir()

    def _steer(self, verb: str, *arguments: Any) -> EndpointSnapshot:
        """Return the endpoint as it is after a change."""
        found: EndpointSnapshot = self.call(verb, *arguments)
        return found

    # -- tokens --------------------------------------------------------------------------------

    def tokens(self) -> list[TokenRow]:
        """Return the labels of its tokens, and when each was made and last used."""
        return list(self.snapshot()["tokens"])

    def new_token(self, label: str) -> str:
        """Make a token for somebody and return it; it is also written to a file below ``.workbench/tokens``."""
        if any(token["label"] == label for token in self.tokens()):
            raise OptionError(f"Cannot make token {label!r}: {self.name!r} has one of that name. Revoke it first.")
        token = make_token(self._state_dir(), self.name, label)
        try:
            self.call("add_token", label, digest(token))
        except BaseException:
            forget_token(self._state_dir(), self.name, label)
            raise
        return token

    def revoke_token(self, label: str = DEFAULT) -> None:
        """Refuse a token from the next request on."""
        self.call("revoke_token", label)
        forget_token(self._state_dir(), self.name, label)

    # -- looking back --------------------------------------------------------------------------

    def logs(self, tail: int = 200) -> str:
        """Return the last lines that its models printed, and the events of the endpoint."""
        return "".join(f"{line}\n" for line in self.log_page(-tail, tail).lines)

    def log_page(self, start: int, count: int, wanted: str = "") -> LogPage:
        """Return lines of its log; see :meth:`workbench.tracking.log_file.LogFile.page`."""
        return LogFile(self._state_dir() / "endpoints" / f"{self.name}.log").page(start, count, wanted)

    def history(self) -> dict[str, dict[str, list[float]]]:
        """Return figures by version, one point for each minute with requests; they outlive the endpoint.

        The columns are ``t`` (seconds since the epoch), ``requests``, ``errors``, ``p50_ms``, ``p95_ms``, ``p99_ms``,
        ``replicas`` and others.
        """
        from workbench.serving.history import history_of

        return history_of(self._project.store, self.name)

    def samples(self, version: str | None = None) -> list[Sample]:
        """Return some requests with their answers, of a version that runs or did run."""
        from workbench.serving.history import stored_samples

        if version is None:
            version = max(self.snapshot()["versions"], key=lambda one: one["weight"])["label"]
        try:
            found: list[Sample] = self.call("samples", version)
            if found or not self.snapshot()["limits"]["samples"]:
                return found
        except (OptionError, EndpointNotFoundError, ServingError, ClusterError):
            pass
        return stored_samples(self._project.store, self.name, version)

    def wait(
        self, version: str, timeout_s: float | None = None, on_change: Callable[[VersionSnapshot], None] | None = None
    ) -> None:
        """Wait until a version that was published answers.

        Raises ``ServingError`` with the model's own traceback when it does not.
        """
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while True:
            versions = self.snapshot()["versions"]
            found = next((one for one in versions if one["label"] == version), None)
            if found is None:
                raise ServingError(f"Version {version} of {self.name!r} is gone: it was replaced or withdrawn.")
            if on_change is not None:
                on_change(found)
            if found["state"] == VersionState.FAILED.value:
                is_live = any(one["weight"] for one in versions)
                raise ServingError(_why(self.name, found, is_live), failure=found["failure"])
            if found["is_settled"]:
                return
            if deadline is not None and time.monotonic() > deadline:
                raise TimeoutError(f"Version {version} of {self.name!r} is still {found['state']}: {found['message']}")
            time.sleep(_POLL_S)

    def wait_for_canary(self, timeout_s: float | None = None) -> bool:
        """Wait until its canary is promoted or rolled back; return whether it was promoted (True without one)."""
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        label = None
        while (canary := self.snapshot()["canary"]) is not None:
            label = canary["version"]
            if deadline is not None and time.monotonic() > deadline:
                raise TimeoutError(f"Canary {label} of {self.name!r} is still on trial: {canary['verdict']}")
            time.sleep(_POLL_S)
        return label is None or any(one["label"] == label and one["weight"] for one in self.snapshot()["versions"])

    def curl(self, found: EndpointSnapshot | None = None) -> str:
        """Return a line for a terminal that asks it, as it is now or was in a snapshot."""
        return endpoint_snippets.curl(found or self.snapshot(), self.token_file)

    def python(self, found: EndpointSnapshot | None = None) -> str:
        """Return lines for any Python that has ``requests``, as it is now or was in a snapshot."""
        return endpoint_snippets.python(found or self.snapshot(), self.token_file)

    def example(self) -> str | None:
        """Return the body of a request that its model takes, as JSON text; None where none is known."""
        schemas = self.snapshot()["schemas"]
        return next((schema["example"] for schema in schemas.values() if schema.get("example")), None)

    def _state_dir(self) -> Path:
        """Return ``.workbench/`` of the project that published it, else of the one that asks."""
        if self._folder is None:
            try:
                self.snapshot(timeout_s=_FOLDER_WITHIN_S)
            except WorkbenchError:  # it does not run: what is left of it is here
                return self._project.settings.state_dir
        return self._folder or self._project.settings.state_dir


def _why(name: str, version: VersionSnapshot, is_live: bool) -> str:
    failure = version["failure"]
    assert failure is not None
    text = f"Cannot serve version {version['label']} of {name!r}: {failure['message']}"
    trace = failure["traceback"].rstrip()
    others = "what was live before still is" if is_live else "nothing is published yet"
    kept = f"It never took traffic; {others}."
    return "\n".join(filter(None, [text, trace, kept]))
