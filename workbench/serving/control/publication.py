"""Bringing a version up: deploy it, wait until it has loaded and answers, then give it its traffic."""

from __future__ import annotations

import asyncio
import secrets
import time
import traceback
from collections.abc import Coroutine
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import ray

from workbench.cluster.capacity import check_feasible
from workbench.errors import OptionError, ServingError, TrackingError, WorkbenchError
from workbench.records.endpoints import Order, ServingOptions, Version
from workbench.records.runs import Resources
from workbench.serving.control.autoscaler import Scaler
from workbench.serving.control.deployer import APP_PREFIX, Deployer
from workbench.serving.control.endpoint_log import EndpointLogs
from workbench.serving.control.endpoint_state import EndpointBook
from workbench.serving.control.gateway_state import Index
from workbench.serving.control.history_writer import Diary
from workbench.serving.control.versions import Standing
from workbench.serving.dataplane.data_plane import DataPlane

_UP_WITHIN_S = 900.0
_LOOK_EVERY_S = 1.0
_REACHES_US_WITHIN_S = 20.0
_GROWS_WITHIN_S = 20.0
_LOOK_AGAIN_S = 0.1


class Publication:
    """The part of the gateway that brings versions up."""

    plane: DataPlane
    deployer: Deployer
    diary: Diary
    logs: EndpointLogs
    index: Index
    books: dict[str, EndpointBook]
    standings: dict[str, dict[str, Standing]]
    where: dict[str, Any]

    async def begin(self) -> dict[str, Any]:
        """See the gateway."""
        raise NotImplementedError

    def in_background(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """See the gateway."""
        raise NotImplementedError

    def settle(self, book: EndpointBook) -> None:
        """See the upkeep."""
        raise NotImplementedError

    def route(self, book: EndpointBook, weights: dict[str, float], why: str) -> None:
        """See the upkeep."""
        raise NotImplementedError

    def begin_step(self, book: EndpointBook, champion: str) -> None:
        """See the upkeep."""
        raise NotImplementedError

    def promoted(self, book: EndpointBook, label: str, why: str) -> None:
        """See the upkeep."""
        raise NotImplementedError

    async def publish(self, order: Order) -> dict[str, Any]:
        """Begin to bring a version up; what becomes of it is in the endpoint's snapshot.

        Returns:
            Its ``label``, and whether the endpoint is new and ``took_token``.

        Raises ``ResourcesError`` when the cluster can never hold it, and ``OptionError`` when another project or
        another tracking store has an endpoint of that name.
        """
        await self.begin()
        if order.artifact_dir and not Path(order.state_dir).parent.is_dir():
            raise TrackingError(
                f"Cannot publish from {order.tracking_uri!r}: that folder is not on the cluster's machine. "
                "Start a server that both reach (mlflow server --host ...), and export MLFLOW_TRACKING_URI=http://..."
            )
        options = self._options(order)
        resources = Resources(max(1, options.min_replicas), options.cpus or 0.0, options.gpus, options.memory_mb)
        await asyncio.to_thread(check_feasible, resources, "replica")
        book = self.books.get(order.name)  # from here on nobody else has a turn: two may publish one name
        if book is not None and book.state_dir != order.state_dir:
            raise OptionError(
                f"Cannot publish as {order.name!r}: the project at {book.state_dir} has an endpoint of that name. "
                "Choose another with --name, or withdraw that one."
            )
        if book is not None and book.tracking_uri != order.tracking_uri:
            raise OptionError(
                f"Cannot publish as {order.name!r}: its models are registered in {book.tracking_uri!r}, this one in "
                f"{order.tracking_uri!r}. Choose another name, or begin anew: %endpoints withdraw {order.name}"
            )
        is_new = book is None
        if book is None:
            book = EndpointBook(order.name, order.state_dir, order.tracking_uri, order.artifact_dir)
            book.tokens["default"] = {"digest": order.digest, "created_at": time.time()}
            self.books[order.name] = book
            self.standings[order.name] = {}
            self.index.add(order.state_dir)
        standing = self._begin_version(book, order, self._options(order))
        standing.work = self.in_background(self._publish(book, standing, order))
        return {"label": standing.version.label, "took_token": is_new}

    def _leading(self, book: EndpointBook | None) -> Standing | None:
        """The version with the most traffic, None where there is none that can take it."""
        if book is None or book.champion is None:
            return None
        found = self.standings[book.name].get(book.champion)
        return found if found is not None and found.can_serve else None

    def _options(self, order: Order) -> ServingOptions:
        """Those that are given; the others as the leading version has them. Packages are each version's own."""
        leading = self._leading(self.books.get(order.name))
        before = order.usual if leading is None else replace(leading.version.options, env="cluster", requirements=())
        return replace(before, **order.given)

    def _begin_version(self, book: EndpointBook, order: Order, options: ServingOptions) -> Standing:
        leading = self._leading(book)
        book.apps += 1
        book.notebook = order.notebook or book.notebook
        label = self._label(book, order)
        # Never twice: what is left of an application that was withdrawn must not be taken for this one.
        app = f"{APP_PREFIX}{order.name}-v{label}-{secrets.token_hex(4)}"
        version = Version(label, app, order.models, options, time.time())
        standing = Standing(version, Scaler(max(1, options.min_replicas)), message="starts a replica")
        if order.traffic == "all" and leading is not None:
            self.take_over(standing, leading.scaler.target)
        standing.order = book.apps
        self._forget_failed(book, is_written=False)
        self.standings[order.name][label] = standing
        return standing

    @staticmethod
    def take_over(standing: Standing, replicas: int) -> None:
        """Have a version run as many replicas as those whose requests it gets, as far as it may."""
        options, scaler = standing.version.options, standing.scaler
        scaler.target = max(scaler.target, min(replicas, options.max_replicas))

    def _forget_failed(self, book: EndpointBook, *, is_written: bool) -> None:
        """Forget versions that did not come up: those that the book has may still, until another version is there."""
        standings = self.standings[book.name]
        for label in [label for label, standing in standings.items() if standing.failure is not None]:
            if (label in book.versions) is is_written:
                del standings[label]
                book.forget(label)

    def _label(self, book: EndpointBook, order: Order) -> str:
        number = str(order.models[0].number) if len(order.models) == 1 else str(book.apps)
        taken = {*book.versions, *self.standings[order.name]}
        again = (f"{number}.{count}" for count in range(1, 10_000))
        return number if number not in taken else next(label for label in again if label not in taken)

    async def _publish(self, book: EndpointBook, standing: Standing, order: Order) -> None:
        if not await self.bring_up(book, standing):
            book.note(f"{standing.version.label} did not come up")
            return
        if order.traffic == "all" and self._leading(book) is not None:
            await self._grown(book.name, standing)
        standing.work = None
        try:
            self._go_live(book, standing, order)
        except ServingError as error:  # a full disk: all is as it was
            standing.failure = {"message": str(error), "traceback": ""}
            await self._end(book, standing)
            return
        run_id = await asyncio.wrap_future(self.diary.begin(book, standing.version))
        standing.version = replace(standing.version, history_run=run_id)
        book = self.books.get(book.name, book)
        if self.is_current(book.name, standing) and standing.version.label in book.versions:
            book.versions[standing.version.label] = standing.version
            book.save()

    async def _grown(self, name: str, standing: Standing) -> None:
        """Until all replicas are up that it needs for the traffic, or no more come: what goes gives its room then."""
        count, since = 0, time.monotonic()
        while count < standing.scaler.target and time.monotonic() - since < _GROWS_WITHIN_S:
            await asyncio.sleep(_LOOK_AGAIN_S)
            now = self.plane.pressure(name, standing.version.label).replicas
            if now != count:
                count, since = now, time.monotonic()

    def _go_live(self, book: EndpointBook, standing: Standing, order: Order) -> None:
        label = standing.version.label
        self._forget_failed(book, is_written=True)
        book.versions[label] = standing.version
        if order.alias:
            book.aliases[label] = order.alias
        newest = max((one.order for one in self.standings[book.name].values() if one.is_settled), default=0)
        if newest > standing.order:  # a later publication was quicker: what it has got is its own
            book.held.append(label)
            unused = ", and its limits do not count" if order.limits else ""
            book.note(f"{label} is up, later than a newer one, and waits for traffic{unused}")
            self.settle(book)
        else:
            book.limits = replace(book.limits, **order.limits)
            self._give_traffic(book, label, order)
            if order.limits.get("samples") == 0:
                self.in_background(self.forget_samples(book))
        standing.is_settled = True

    async def forget_samples(self, book: EndpointBook) -> str:
        """Leave none of the samples that MLflow has; gives what went wrong, an empty string where nothing did."""
        try:
            await asyncio.wrap_future(self.diary.forget_samples(book))
        except (WorkbenchError, OSError) as error:
            text = f"no more samples are kept, but MLflow still has some: {error}"
            book.note(text)
            return text
        return ""

    def is_current(self, name: str, standing: Standing) -> bool:
        """Whether this very version still is what its label means: it was not withdrawn, nor published anew."""
        return self.standings.get(name, {}).get(standing.version.label) is standing

    @staticmethod
    def end_trial(book: EndpointBook) -> None:
        """Have no version on trial any more. A canary's steps are one change: one goes back to before the first."""
        if book.canary is not None and book.past and book.canary.version in book.weights:
            book.weights = book.past.pop()
        book.canary = None

    def _give_traffic(self, book: EndpointBook, label: str, order: Order) -> None:
        if order.traffic == "canary":  # one at a time: it takes the other's place
            self.end_trial(book)
        champion = book.champion
        if self._leading(book) is None:
            champion = None
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
            book.canary = replace(order.canary, version=label)
            self.begin_step(book, champion)
            self.route(book, {champion: 100.0 - share, label: share}, f"canary {label} gets {share:g} %")
        else:
            self.promoted(book, label, f"{label} is live")

    async def bring_up(self, book: EndpointBook, standing: Standing) -> bool:
        """Deploy a version and wait until it answers; whether it does. Why it does not is in its standing."""
        version = standing.version
        news: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        standing.news, standing.failure = news, None
        self.plane.expect(book.name, version.label, version.options, standing.scaler.target, version.app)
        try:
            spec = self._spec(book, version)
            count = standing.scaler.target
            await asyncio.to_thread(self.deployer.deploy, version, spec, self._environment(version), count)
            event = await self._outcome(standing, news)
            if event["event"] == "ready":
                standing.asked = count
                return True
            standing.failure = {"message": event.get("message", ""), "traceback": event.get("traceback", "")}
        except asyncio.CancelledError:  # it was withdrawn
            await asyncio.to_thread(self.deployer.delete, version.app)
            raise
        except Exception as error:
            standing.failure = {"message": f"{type(error).__name__}: {error}", "traceback": traceback.format_exc()}
        finally:
            standing.news = None
        self.logs.write(book, version.label, f"[did not come up: {standing.failure['message']}]")
        if standing.failure["traceback"]:
            self.logs.write(book, version.label, standing.failure["traceback"])
        await self._end(book, standing)
        return False

    async def _end(self, book: EndpointBook, standing: Standing) -> None:
        """Take a version that did not come up away again."""
        if self.is_current(book.name, standing):
            await self.plane.drain(book.name, standing.version.label, 0.0)
        await asyncio.to_thread(self.deployer.delete, standing.version.app)

    async def _outcome(self, standing: Standing, news: asyncio.Future[dict[str, Any]]) -> dict[str, Any]:
        """What a replica says of itself, or what Serve says of replicas that never came so far."""
        app, deadline = standing.version.app, time.monotonic() + _UP_WITHIN_S
        starting_until = time.monotonic()
        while time.monotonic() < deadline:
            try:
                return await asyncio.wait_for(asyncio.shield(news), _LOOK_EVERY_S)
            except TimeoutError:
                is_running, problem = await asyncio.to_thread(self.deployer.outlook, app)
            if problem is not None:
                return {"event": "failed", "message": _first_words(problem), "traceback": problem}
            standing.message = await asyncio.to_thread(_what_it_waits_for, standing)
            if not is_running:
                starting_until = time.monotonic()
            elif time.monotonic() - starting_until > _REACHES_US_WITHIN_S:
                address = self.where["replicas"]["tcp"] or "a socket of its own machine"
                message = (
                    f"its replica runs, and does not reach the gateway at {address}. Let the cluster's nodes connect "
                    "to each other on all ports"
                )
                return {"event": "failed", "message": message}
        return {"event": "failed", "message": f"no replica answered within {_UP_WITHIN_S:g} s"}

    def _spec(self, book: EndpointBook, version: Version) -> dict[str, Any]:
        return {
            "endpoint": book.name,
            "version": version.label,
            "app": version.app,
            "models": {model.name: model.uri for model in version.models},
            "files": {model.name: model.files for model in version.models},
            "options": asdict(version.options),
            "secret": self.index.secret,
            # Here and not in the runtime environment: an idle worker of Ray can become the replica at once, and Ray's
            # logs quote that environment.
            "environ": {
                "MLFLOW_TRACKING_URI": book.tracking_uri,
                "MLFLOW_DISABLE_TELEMETRY": "true",
                "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
                **version.options.env_vars,
            },
        }

    @staticmethod
    def _environment(version: Version) -> dict[str, Any]:
        """Ray's words for the environment of the replicas; empty where they take the cluster's."""
        if version.options.env != "pinned":
            return {}
        return {"pip": {"packages": list(version.options.requirements), "pip_check": False}}


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
