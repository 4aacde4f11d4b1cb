"""Bringing a version up: deploy it, wait until it has loaded and answers, then give it its traffic."""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import Coroutine
from dataclasses import asdict, dataclass, replace
from typing import Any

import ray

from workbench.compute.foreman.reservation import check_feasible
from workbench.errors import OptionError
from workbench.records import Resources
from workbench.serving.gateway.book import Canary, EndpointBook
from workbench.serving.gateway.deployer import Deployer
from workbench.serving.gateway.diary import Diary
from workbench.serving.gateway.endpoint_log import EndpointLogs
from workbench.serving.gateway.index import Index
from workbench.serving.gateway.plane import DataPlane
from workbench.serving.gateway.scaler import Scaler
from workbench.serving.gateway.versions import Standing
from workbench.serving.records import Limits, ServedModel, ServingOptions, Version

_UP_WITHIN_S = 900.0
_LOOK_EVERY_S = 1.0


@dataclass(frozen=True)
class Order:
    """What a publisher asks for.

    Attributes:
        name: The endpoint's.
        state_dir: ``.workbench/`` of the project.
        tracking_uri: Where the models are registered.
        artifact_dir: Of an embedded store.
        models: What to serve.
        options: How.
        notebook: The notebook that asks.
        digest: SHA-256 of the token that the endpoint is to begin with.
        alias: What the version is called once it has all of the traffic.
        traffic: ``all``, ``canary``, ``shadow``, or ``none`` for a version that waits for its traffic.
        canary: With ``canary``, what it has to show.
        limits: Of clients; None leaves them.
        cache: Answers to keep; None leaves that.
    """

    name: str
    state_dir: str
    tracking_uri: str
    artifact_dir: str | None
    models: tuple[ServedModel, ...]
    options: ServingOptions
    notebook: str = ""
    digest: str = ""
    alias: str = ""
    traffic: str = "all"
    canary: Canary | None = None
    limits: Limits | None = None
    cache: int | None = None


class Publication:
    """The part of the gateway that brings versions up."""

    plane: DataPlane
    deployer: Deployer
    diary: Diary
    logs: EndpointLogs
    index: Index
    books: dict[str, EndpointBook]
    standings: dict[str, dict[str, Standing]]
    news: dict[tuple[str, str], asyncio.Future[dict[str, Any]]]

    async def begin(self) -> dict[str, Any]:
        """See the gateway."""
        raise NotImplementedError

    def in_background(self, work: Coroutine[Any, Any, Any]) -> None:
        """See the gateway."""
        raise NotImplementedError

    def settle(self, book: EndpointBook) -> None:
        """See the upkeep."""
        raise NotImplementedError

    def route(self, book: EndpointBook, weights: dict[str, float], why: str) -> None:
        """See the upkeep."""
        raise NotImplementedError

    def promoted(self, book: EndpointBook, label: str, why: str) -> None:
        """See the upkeep."""
        raise NotImplementedError

    async def publish(self, order: Order) -> str:
        """Begin to bring a version up; gives its label. What becomes of it is in the endpoint's snapshot.

        Raises ``ResourcesError`` when the cluster can never hold it, and ``OptionError`` when another project has an
        endpoint of that name.
        """
        await self.begin()
        options = order.options
        resources = Resources(max(1, options.min_replicas), options.cpus, options.gpus, options.memory_mb)
        await asyncio.to_thread(check_feasible, resources, "replica")
        book = self.books.get(order.name)
        if book is not None and book.state_dir != order.state_dir:
            raise OptionError(
                f"Cannot publish as {order.name!r}: the project at {book.state_dir} has an endpoint of that name. "
                "Choose another with --name, or withdraw that one."
            )
        if book is None:
            book = EndpointBook(order.name, order.state_dir, order.tracking_uri, order.artifact_dir)
            book.tokens["default"] = {"digest": order.digest, "created_at": time.time()}
            self.books[order.name] = book
            self.standings[order.name] = {}
            self.index.add(order.state_dir)
        standing = self._begin_version(book, order)
        self.in_background(self._publish(book, standing, order))
        return standing.version.label

    def _begin_version(self, book: EndpointBook, order: Order) -> Standing:
        book.apps += 1
        book.notebook = order.notebook or book.notebook
        label = self._label(book, order)
        version = Version(label, f"{order.name}-v{label}-{book.apps}", order.models, order.options, time.time())
        standing = Standing(version, Scaler(max(1, order.options.min_replicas)), message="starts a replica")
        standings = self.standings[order.name]
        for other in [one for one, old in standings.items() if old.failure is not None]:
            del standings[other]
        standings[label] = standing
        return standing

    def _label(self, book: EndpointBook, order: Order) -> str:
        number = str(order.models[0].number) if len(order.models) == 1 else str(book.apps)
        taken = {*book.versions, *self.standings[order.name]}
        again = (f"{number}.{count}" for count in range(1, 10_000))
        return number if number not in taken else next(label for label in again if label not in taken)

    async def _publish(self, book: EndpointBook, standing: Standing, order: Order) -> None:
        if not await self.bring_up(book, standing):
            book.note(f"{standing.version.label} did not come up")
            return
        try:
            await self._go_live(book, standing, order)
        except OSError as error:  # a full disk: what is written down is what was before
            standing.failure = {"message": f"it could not be written down: {error}", "traceback": ""}

    async def _go_live(self, book: EndpointBook, standing: Standing, order: Order) -> None:
        label = standing.version.label
        if self.books.get(book.name) is not book:  # it was withdrawn meanwhile
            await asyncio.to_thread(self.deployer.delete, standing.version.app)
            return
        book.versions[label] = standing.version
        book.limits = order.limits or book.limits
        book.cache = book.cache if order.cache is None else order.cache
        if order.alias:
            book.aliases[label] = order.alias
        self._give_traffic(book, label, order)
        standing.is_settled = True
        run_id = await asyncio.wrap_future(self.diary.begin(book, standing.version))
        standing.version = replace(standing.version, history_run=run_id)
        if label in book.versions and self.books.get(book.name) is book:  # it was not withdrawn meanwhile
            book.versions[label] = standing.version
            book.save()

    def _give_traffic(self, book: EndpointBook, label: str, order: Order) -> None:
        champion = book.champion
        if order.traffic == "none" and champion is not None:
            book.held.append(label)
            book.note(f"{label} is up and waits for traffic")
            self.settle(book)
        elif order.traffic == "shadow" and champion is not None:
            book.shadow = label
            book.note(f"{label} shadows {champion}")
            self.settle(book)
        elif order.traffic == "canary" and champion is not None and order.canary is not None:
            share = order.canary.steps[0]
            book.canary = replace(order.canary, version=label, since=time.time())
            self.route(book, {champion: 100.0 - share, label: share}, f"canary {label} gets {share:g} %")
        else:
            self.promoted(book, label, f"{label} is live")

    async def bring_up(self, book: EndpointBook, standing: Standing) -> bool:
        """Deploy a version and wait until it answers; whether it does. Why it does not is in its standing."""
        version, key = standing.version, (book.name, standing.version.label)
        news: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self.news[key] = news
        self.plane.expect(*key, version.options, standing.scaler.target)
        try:
            spec = self._spec(book, version)
            await asyncio.to_thread(self.deployer.deploy, version, spec, self._environment(version))
            event = await self._outcome(standing, news)
            if event["event"] == "ready":
                return True
            standing.failure = {"message": event.get("message", ""), "traceback": event.get("traceback", "")}
        except Exception as error:
            standing.failure = {"message": f"{type(error).__name__}: {error}", "traceback": traceback.format_exc()}
        finally:
            self.news.pop(key, None)
        self.logs.write(book, version.label, f"[did not come up: {standing.failure['message']}]")
        if standing.failure["traceback"]:
            self.logs.write(book, version.label, standing.failure["traceback"])
        await self.plane.drain(*key, 0.0)
        await asyncio.to_thread(self.deployer.delete, version.app)
        return False

    async def _outcome(self, standing: Standing, news: asyncio.Future[dict[str, Any]]) -> dict[str, Any]:
        """What a replica says of itself, or what Serve says of replicas that never came so far."""
        app, deadline = standing.version.app, time.monotonic() + _UP_WITHIN_S
        while time.monotonic() < deadline:
            try:
                return await asyncio.wait_for(asyncio.shield(news), _LOOK_EVERY_S)
            except TimeoutError:
                problem = await asyncio.to_thread(self.deployer.problem, app)
            if problem is not None:
                return {"event": "failed", "message": _first_words(problem), "traceback": problem}
            standing.message = await asyncio.to_thread(_what_it_waits_for, standing)
        return {"event": "failed", "message": f"no replica answered within {_UP_WITHIN_S:g} s"}

    def _spec(self, book: EndpointBook, version: Version) -> dict[str, Any]:
        return {
            "endpoint": book.name,
            "version": version.label,
            "models": {model.name: model.uri for model in version.models},
            "files": {model.name: model.files for model in version.models},
            "options": asdict(version.options),
            "secret": self.index.secret,
            # Here and not in the runtime environment: an idle worker of Ray can become the replica at once.
            "environ": {
                "MLFLOW_TRACKING_URI": book.tracking_uri,
                "MLFLOW_DISABLE_TELEMETRY": "true",
                "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
            },
        }

    @staticmethod
    def _environment(version: Version) -> dict[str, Any]:
        """Ray's words for the environment of the replicas; empty where they take the cluster's."""
        options = version.options
        wanted: dict[str, Any] = {"env_vars": dict(options.env_vars)} if options.env_vars else {}
        if options.env == "pinned":
            wanted["pip"] = {"packages": list(options.requirements), "pip_check": False}
        return wanted


def _what_it_waits_for(standing: Standing) -> str:
    """Why no replica has come so far, where it is for want of room."""
    if standing.message == "loads the model":
        return standing.message
    options = standing.version.options
    free = ray.available_resources()
    for kind, wanted in (("CPU", options.cpus), ("GPU", options.gpus)):
        if wanted and free.get(kind, 0.0) + 1e-9 < wanted:
            return (
                f"waits for {wanted:g} {kind}, of which {free.get(kind, 0.0):g} is free: "
                "stop a run (%runs stop), or ask for less"
            )
    return "installs its packages" if options.env == "pinned" else "starts a replica"


def _first_words(problem: str) -> str:
    """The last line of a traceback: the error itself."""
    lines = [line.strip() for line in problem.strip().splitlines() if line.strip()]
    return lines[-1][:500] if lines else "it ended without a word"
