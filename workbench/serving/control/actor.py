"""The gateway's verbs: a detached Ray actor through which all requests to endpoints go, and which drives Ray Serve."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

import ray

from workbench.errors import EndpointNotFoundError, OptionError, ServingError
from workbench.serving.control.deployer import Deployer
from workbench.serving.control.endpoint_log import EndpointLogs
from workbench.serving.control.endpoint_state import EndpointBook
from workbench.serving.control.gateway_state import Index
from workbench.serving.control.history_writer import Diary
from workbench.serving.control.recovery import Recovery
from workbench.serving.control.versions import Standing, snapshot
from workbench.serving.dataplane.data_plane import DataPlane

NAME = "gateway"
NAMESPACE = "workbench"

log = logging.getLogger(__name__)


class Gateway(Recovery):
    """Verbs that kernels, the command line, the panel and replicas call.

    Args:
        home: The user's own folder, where ports and the secret of this gateway are kept.
        host: The interface to listen on; None takes 127.0.0.1.
        port: For HTTP; None takes the last one, else any free one.
        grpc_port: For gRPC; the same.
    """

    def __init__(
        self, home: str, host: str | None = None, port: int | None = None, grpc_port: int | None = None
    ) -> None:
        self.index = Index(Path(home))
        self.plane = DataPlane(on_replica=self._on_replica, on_log=self._on_log)
        self.deployer = Deployer()
        self.diary = Diary()
        self.logs = EndpointLogs()
        self.books: dict[str, EndpointBook] = {}
        self.standings: dict[str, dict[str, Standing]] = {}
        self.where: dict[str, Any] = {}
        self.tasks: set[asyncio.Task[Any]] = set()
        self._beginning: asyncio.Future[None] | None = None
        # After a crash Ray makes the actor anew, and nobody calls until a request cannot come in.
        ray.get_runtime_context().current_actor.begin.remote(host, port, grpc_port)

    async def begin(
        self, host: str | None = None, port: int | None = None, grpc_port: int | None = None
    ) -> dict[str, Any]:
        """Listen, and take up again what Serve runs already; says where it listens.

        Args:
            host: The interface to listen on, where it matters.
            port: For HTTP, where it matters.
            grpc_port: For gRPC, where it matters.

        Raises ``ServingError`` when a port that was asked for is in use, or another one is listened on already.
        """
        if self._beginning is None:
            self._beginning = asyncio.ensure_future(self._begin(host, port, grpc_port))
        try:
            await asyncio.shield(self._beginning)
        except BaseException:
            self._beginning = None
            raise
        is_host, _, is_port = self.where["http"].rpartition(":")
        is_grpc_port = (self.where["grpc"] or "").rpartition(":")[2]
        for wanted, found in ((host, is_host), (port, is_port), (grpc_port, is_grpc_port)):
            if wanted is not None and str(wanted) != found:
                raise ServingError(
                    f"Cannot listen on {wanted}: the gateway listens on {self.where['http']} already, and on "
                    f"{self.where['grpc']} for gRPC. Unset the variables WORKBENCH_SERVE_..., or begin anew: "
                    "%workbench down, then %endpoints restore."
                )
        return {name: self.where[name] for name in ("http", "grpc")}

    async def _begin(self, host: str | None, port: int | None, grpc_port: int | None) -> None:
        await self.adopt()  # before anybody is told that an endpoint is not there
        # Serve's controller takes seconds: it starts while the rest is imported and the first model is registered.
        self.in_background(asyncio.to_thread(self.deployer.start))
        self.where = await self.index.listen(self.plane, host, port, grpc_port)
        self.in_background(self.keep_up())

    async def replica_address(self) -> dict[str, Any]:
        """Where replicas dial; waits until the gateway listens."""
        await self.begin()
        return {**self.where["replicas"], "node": ray.util.get_node_ip_address()}

    # -- for kernels ---------------------------------------------------------------------------

    async def names(self) -> list[str]:
        """All endpoints."""
        await self.begin()
        return sorted(self.books)

    async def overview(self) -> dict[str, Any]:
        """Where the gateway listens, and every endpoint."""
        await self.begin()
        found = [self._snapshot(name) for name in sorted(self.books)]
        return {"gateway": {"state": "up", "url": self.where["url"], "message": ""}, "endpoints": found}

    async def snapshot(self, name: str) -> dict[str, Any]:
        """One endpoint; see :func:`workbench.serving.control.versions.snapshot`."""
        await self.begin()
        self.book(name)
        return self._snapshot(name)

    async def set_traffic(self, name: str, weights: dict[str, float]) -> dict[str, Any]:
        """Share the requests between versions; the weights are made to sum to 100."""
        book, total = self.book(name), sum(weights.values())
        for label, weight in weights.items():
            self.standing(name, label)
            if not 0 <= weight < math.inf:
                raise OptionError(f"Cannot give version {label} {weight:g} %: it must be 0 or more.")
        if not total > 0:
            raise OptionError(f"Cannot share the traffic of {name!r} as {weights}: at least one must be above 0.")
        shares = {label: 100.0 * weight / total for label, weight in weights.items() if weight > 0}
        book.canary = None
        self.route(book, shares, "traffic: " + ", ".join(f"{label} {share:g} %" for label, share in shares.items()))
        return self._snapshot(name)

    async def set_shadow(self, name: str, label: str | None) -> dict[str, Any]:
        """Have a version get a copy of each request; None ends that."""
        book = self.book(name)
        if label is not None:
            self.standing(name, label)
            if label == book.champion:
                raise OptionError(f"Cannot have {label} shadow {name!r}: it is the version that answers.")
        if book.shadow is not None and book.shadow != label:
            book.held.append(book.shadow)  # what was learnt of it may be a reason to promote it
        book.shadow = label
        book.note(f"shadow: {label}" if label else "shadow: none")
        self.settle(book)
        return self._snapshot(name)

    async def promote(self, name: str, label: str) -> dict[str, Any]:
        """Give a version all of the traffic."""
        book = self.book(name)
        self.standing(name, label)
        self.promoted(book, label, f"promoted {label} by hand")
        return self._snapshot(name)

    async def rollback(self, name: str) -> dict[str, Any]:
        """Go back to how the requests were shared before the last change."""
        book = self.book(name)
        if not book.past:
            raise ServingError(f"Cannot roll {name!r} back: there was no version before.")
        self.rolled_back(book, "by hand", is_held=True)
        return self._snapshot(name)

    async def set_replicas(self, name: str, low: int, high: int, label: str | None = None) -> dict[str, Any]:
        """How many replicas a version may have at least and at most; None means those that take traffic."""
        book = self.book(name)
        chosen = [label] if label is not None else list(book.weights)
        if not chosen:
            raise ServingError(f"Cannot scale {name!r}: no version of it is up yet. %endpoints show {name} says why.")
        for one in chosen:
            standing = self.standing(name, one)
            standing.version = standing.version.with_options(min_replicas=low, max_replicas=high)
            book.versions[one] = standing.version
            book.note(f"{one}: {low}..{high} replicas")
        self.settle(book)
        await self.scale_all()
        return self._snapshot(name)

    async def set_limits(self, name: str, changes: dict[str, Any]) -> dict[str, Any]:
        """Change those of :class:`Limits` that are given."""
        book = self.book(name)
        limits = replace(book.limits, **changes)
        is_rate = limits.rate is None or 0 < limits.rate < math.inf
        if not is_rate or limits.max_body < 1 or limits.cache < 0 or limits.samples < 0:
            raise OptionError(
                f"Cannot limit {name!r} to {limits}: give a rate above 0 (or None), 1 byte or more, and 0 answers and "
                "samples or more."
            )
        book.limits = limits
        self.settle(book)
        if changes.get("samples") == 0 and (problem := await self.forget_samples(book)):
            raise ServingError(f"Of {name!r} {problem} Set samples to 0 again once that is mended.")
        return self._snapshot(name)

    async def add_token(self, name: str, label: str, digest: str) -> None:
        """Let a token in by its SHA-256."""
        book = self.book(name)
        if label in book.tokens:
            raise OptionError(
                f"Cannot make token {label!r}: {name!r} has one of that name. Revoke it, or name another."
            )
        book.tokens[label] = {"digest": digest, "created_at": time.time()}
        book.note(f"token {label!r} was made")
        self.settle(book)

    async def revoke_token(self, name: str, label: str) -> None:
        """Let a token in no more."""
        book = self.book(name)
        if label not in book.tokens:
            known = ", ".join(book.tokens) or "none"
            raise OptionError(f"Cannot revoke token {label!r}: the tokens of {name!r} are {known}.")
        del book.tokens[label]
        book.note(f"token {label!r} was revoked")
        self.settle(book)

    async def withdraw(self, name: str) -> None:
        """End an endpoint; its models stay registered, its figures stay kept."""
        book = self.book(name)
        self.note_figures(book)
        del self.books[name]
        self.plane.remove(name)
        standings = self.standings.pop(name)
        book.erase()
        book.versions = {}  # none of them serves a model any more
        for standing in standings.values():
            standing.is_draining = True
            if standing.work is not None:
                standing.work.cancel()
            self.diary.end(book, standing.version)
            await asyncio.to_thread(self.deployer.delete, standing.version.app)

    async def restore(self, state_dirs: list[str] | None) -> list[str]:
        """Bring back what these projects, or all, published and does not run; gives the names."""
        await self.begin()
        return await self.bring_back(self.index.state_dirs if state_dirs is None else state_dirs)

    async def restore_one(self, state_dir: str, name: str) -> None:
        """Bring one endpoint back, where it does not run."""
        await self.begin()
        await self.bring_back([state_dir], name)

    async def samples(self, name: str, label: str) -> list[dict[str, Any]]:
        """Some requests and their answers since the version began."""
        self.standing(name, label)
        return self.plane.samples(name, label)

    async def close(self) -> None:
        """Write out what is to be kept; for ``%workbench down``."""
        for book in self.books.values():
            self.note_figures(book)
        await self.plane.close()
        await asyncio.to_thread(self.diary.close)

    # -- inside --------------------------------------------------------------------------------

    def book(self, name: str) -> EndpointBook:
        """An endpoint's book; ``EndpointNotFoundError`` names those that there are."""
        from workbench.errors import suggestion

        if name not in self.books:
            known = ", ".join(sorted(self.books)) or "none"
            near = suggestion(name, self.books)
            raise EndpointNotFoundError(f"Cannot find endpoint {name!r}: published are {known}.{near}")
        return self.books[name]

    def standing(self, name: str, label: str) -> Standing:
        """A version that can take traffic."""
        standings = self.standings[name]
        found = standings.get(label)
        versions = self.books[name].versions
        if found is None or not found.can_serve or label not in versions:
            known = ", ".join(one for one, standing in standings.items() if standing.can_serve and one in versions)
            raise OptionError(f"Cannot use version {label!r} of {name!r}: its versions are {known or 'none'}.")
        return found

    def _snapshot(self, name: str) -> dict[str, Any]:
        return snapshot(self.books[name], self.standings[name], self.plane, self.where)

    def _on_replica(self, name: str, label: str, replica: str, event: str, facts: dict[str, Any]) -> None:
        standing = self.standings.get(name, {}).get(label)
        if standing is None:
            return
        if event == "hello":
            standing.message = "loads the model"
        elif event == "ready":
            standing.was_live, standing.message = True, ""
        elif event == "lost" and not standing.is_draining and standing.scaler.target:
            self.logs.write(self.books[name], label, f"[replica {replica} is gone; Serve starts another]")
        news = standing.news
        if news is not None and not news.done() and event in ("ready", "failed"):
            news.set_result({"event": event, **facts})

    def _on_log(self, name: str, label: str, replica: str, text: str) -> None:
        if name in self.books:
            self.logs.write(self.books[name], label, text)

    def in_background(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Do something beside; what goes wrong is in the log."""

        async def done() -> None:
            try:
                await work
            except Exception:
                log.exception("the gateway failed beside a request")

        task = asyncio.ensure_future(done())
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task
