"""What the gateway does by itself: bring versions up, share traffic, scale, judge canaries, keep figures."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from dataclasses import replace
from typing import Any

from workbench.errors import ServingError
from workbench.records.endpoints import Canary, Version
from workbench.serving.control.canary import Ruling, judge
from workbench.serving.control.endpoint_state import EndpointBook
from workbench.serving.control.publication import Publication
from workbench.serving.control.versions import Standing

_TICK_S = 0.25
_FIGURES_EVERY_S = 60.0
_SCALE_AGAIN_S = 1.0

log = logging.getLogger(__name__)


class Upkeep(Publication):
    """The gateway's own work, on top of bringing versions up."""

    async def keep_up(self) -> None:
        """Scale and judge several times a second, keep figures once a minute."""
        noted = time.monotonic()
        while True:
            await asyncio.sleep(_TICK_S)
            try:
                await self.scale_all()
                for book in list(self.books.values()):
                    self._judge(book)
                if time.monotonic() - noted >= _FIGURES_EVERY_S:
                    noted = time.monotonic()
                    for book in self.books.values():
                        self.note_figures(book)
            except Exception:
                log.exception("the gateway's upkeep")

    async def scale_all(self) -> None:
        """Give each version the replicas that it needs now."""
        for name, standings in list(self.standings.items()):
            for label, standing in list(standings.items()):
                if not standing.can_serve or not standing.was_live or not standing.is_settled:
                    continue
                before, version = standing.scaler.target, standing.version
                options = self._options_now(self.books[name], version)
                target = standing.scaler.decide(options, self.plane.pressure(name, label), time.monotonic())
                if target != before:
                    self.plane.expect(name, label, version.options, target, version.app)
                    self.logs.write(self.books[name], label, f"[{before} replicas become {target}]")
                if target != standing.asked and (standing.scaling is None or standing.scaling.done()):
                    standing.scaling = self.in_background(self._align(name, standing))

    async def _align(self, name: str, standing: Standing) -> None:
        """Have Serve run as many replicas as there should be; asked one after the other, and again where it fails."""
        while self.is_current(name, standing) and standing.can_serve and standing.asked != standing.scaler.target:
            wanted = standing.scaler.target
            try:
                await asyncio.to_thread(self.deployer.scale, standing.version.app, wanted)
                standing.asked = wanted
            except Exception:
                log.exception("scaling %s to %d", standing.version.app, wanted)
                await asyncio.sleep(_SCALE_AGAIN_S)

    @staticmethod
    def _options_now(book: EndpointBook, version: Version) -> Any:
        """A version that only waits for a roll-back keeps one replica."""
        if version.label in book.weights or version.label == book.shadow:
            return version.options
        least = min(1, version.options.min_replicas)
        return replace(version.options, min_replicas=least, max_replicas=1)

    def _judge(self, book: EndpointBook) -> None:
        canary = book.canary
        if canary is None or book.champion is None:
            return
        now = time.time()
        champion = next((label for label in book.weights if label != canary.version), canary.version)
        mine, theirs = (self._since_step(book, canary, label) for label in (canary.version, champion))
        ruling, why = judge(canary, mine, theirs, now, self._down_s(book, canary.version))
        canary.verdict = why
        if ruling is Ruling.ROLL_BACK:
            try:
                self.rolled_back(book, why)
            except ServingError as error:  # there is nothing to go back to: it goes on as it is
                canary.verdict = f"{why}. {error}"
        elif ruling is Ruling.STEP and canary.step + 1 < len(canary.steps):
            canary.step += 1
            self.begin_step(book, champion)
            share = canary.steps[canary.step]
            book.weights = {champion: 100.0 - share, canary.version: share}
            book.note(f"canary {canary.version} goes to {share:g} %: {why}")
            self.settle(book)
        elif ruling is Ruling.STEP:
            self.promoted(book, canary.version, f"canary {canary.version} is promoted: {why}")

    def begin_step(self, book: EndpointBook, champion: str) -> None:
        """Count from now on what the canary and the champion do."""
        assert book.canary is not None
        book.canary.since = time.time()
        book.canary.base = {}
        for label in (book.canary.version, champion):
            totals = self.plane.totals(book.name, label)
            book.canary.base[label] = [totals["requests"], totals["errors"]]

    def _since_step(self, book: EndpointBook, canary: Canary, label: str) -> dict[str, Any]:
        totals, base = self.plane.totals(book.name, label), canary.base.get(label, [0, 0])
        window = self.plane.since(book.name, label, max(1.0, time.time() - canary.since))
        return {**window, "requests": totals["requests"] - base[0], "errors": totals["errors"] - base[1]}

    def _down_s(self, book: EndpointBook, label: str) -> float:
        """For how long a version that should run has had no replica; without end where it did not come up."""
        standing = self.standings[book.name].get(label)
        if standing is None or standing.failure is not None:
            return math.inf
        may_sleep = standing.version.options.min_replicas == 0
        if may_sleep or not standing.was_live or self.plane.pressure(book.name, label).replicas:
            standing.down_since = None
            return 0.0
        now = time.monotonic()
        if standing.down_since is None:
            standing.down_since = now
        return now - standing.down_since

    # -- traffic -------------------------------------------------------------------------------

    def route(self, book: EndpointBook, weights: dict[str, float], why: str) -> None:
        """Share the requests anew, so that it can be gone back; who gets all of them gets its alias, too."""
        before = book.weights
        book.route(weights)
        book.note(why)
        self.logs.write(book, book.champion or "", f"[{why}]")
        self.settle(book)
        self._share_replicas(book, before)
        alias = book.aliases.get(book.champion or "")
        if alias and book.champion and len(book.weights) == 1:
            self.diary.set_alias(book, book.versions[book.champion], alias)

    def promoted(self, book: EndpointBook, label: str, why: str) -> None:
        """All requests go to one version, and its alias names it."""
        self.end_trial(book)
        book.held = []
        if book.shadow == label:
            book.shadow = None
        self.route(book, {label: 100.0}, why)

    def _share_replicas(self, book: EndpointBook, before: dict[str, float]) -> None:
        """Versions that got more of the requests get as many replicas as these had, until it shows what they need."""
        standings = self.standings[book.name]
        count = max((standings[label].scaler.target for label in before if label in standings), default=0)
        for label, share in book.weights.items():
            standing = standings.get(label)
            if standing is not None and standing.scaler.target and share > before.get(label, 0.0):
                self.take_over(standing, math.ceil(count * share / 100.0))
                version = standing.version
                self.plane.expect(book.name, label, version.options, standing.scaler.target, version.app)

    def rolled_back(self, book: EndpointBook, why: str, *, is_held: bool = False) -> None:
        """The requests are shared as they were before; the version that they left is held or ends."""
        gone = book.canary.version if book.canary is not None else book.champion
        others = {label: share for label, share in book.weights.items() if label != gone}
        now = book.weights
        before = book.past[-1] if book.past else others  # where what was before is gone, they share what there is
        if not before:
            raise ServingError(f"Cannot roll {book.name!r} back from {gone}: there is no other version any more.")
        for label in before:
            standing = self.standings[book.name].get(label)
            if standing is None or not standing.can_serve:
                raise ServingError(
                    f"Cannot roll {book.name!r} back from {gone}: version {label} does not run. "
                    "%endpoints restore tries to bring it up."
                )
        book.canary = None
        book.past = book.past[:-1]
        if is_held:
            book.held += [label for label in book.weights if label not in before]
        book.weights = before
        shares = ", ".join(f"{label} {share:g} %" for label, share in book.weights.items())
        text = f"rolled back from {gone} to {shares}: {why}"
        book.note(text)
        self.logs.write(book, gone or "", f"[{text}]")
        self.settle(book)
        self._share_replicas(book, now)
        self.diary.take_alias_back(book, gone)

    def settle(self, book: EndpointBook) -> None:
        """Have file and routing say what the book says, and end what nobody needs any more.

        Raises ``ServingError`` when it cannot be written down; then all is as it was.
        """
        book.past = [past for past in book.past if all(self._is_there(book, label) for label in past)]
        try:
            book.save()
        except OSError as error:
            self._revert(book)
            raise ServingError(
                f"Cannot write endpoint {book.name!r} down: {error}. Free some space on its disk; all is as it was."
            ) from error
        self.plane.put(book.table())
        needed = {*book.weights, *(book.past[-1] if book.past else ()), *book.held, book.shadow}
        needed.add(book.canary.version if book.canary else None)
        for label, standing in list(self.standings[book.name].items()):
            is_up = label in book.versions and (standing.was_live or standing.scaler.target == 0)
            if label not in needed and is_up and not standing.is_draining and book.weights:
                standing.is_draining = True
                self.in_background(self._retire(book, standing))

    @staticmethod
    def _revert(book: EndpointBook) -> None:
        try:
            written = EndpointBook.load(book.path)
        except OSError:  # it was never written: there was nothing before
            written = EndpointBook(book.name, book.state_dir, book.tracking_uri, book.artifact_dir, tokens=book.tokens)
        vars(book).update(vars(written))

    def _is_there(self, book: EndpointBook, label: str) -> bool:
        standing = self.standings[book.name].get(label)
        return standing is not None and not standing.is_draining

    async def _retire(self, book: EndpointBook, standing: Standing) -> None:
        """End a version once it has answered what it was asked."""
        label = standing.version.label
        self._note_figures_of(book, standing)
        if self.is_current(book.name, standing):
            await self.plane.drain(book.name, label, standing.version.options.timeout_s)
        await asyncio.to_thread(self.deployer.delete, standing.version.app)
        self.diary.end(book, standing.version)
        if self.is_current(book.name, standing):
            del self.standings[book.name][label]
            book.forget(label)
            book.save()

    # -- figures and restarts ------------------------------------------------------------------

    def note_figures(self, book: EndpointBook) -> None:
        """Keep what was asked of each version since it was last kept."""
        for standing in self.standings[book.name].values():
            self._note_figures_of(book, standing)

    def _note_figures_of(self, book: EndpointBook, standing: Standing) -> None:
        label, now = standing.version.label, time.monotonic()
        stats = self.plane.stats(book.name, label)
        before = standing.noted
        counts = {name: stats[name] - before.get(name, 0) for name in ("requests", "errors", "cache_hits")}
        if not counts["requests"]:
            return
        elapsed_s = min(now - before.get("at", now - _FIGURES_EVERY_S), _FIGURES_EVERY_S)
        values = {**stats, **self.plane.since(book.name, label, max(1.0, elapsed_s)), **counts}
        standing.noted = {name: stats[name] for name in counts} | {"at": now}
        self.diary.figures(book, standing.version, values, self.plane.samples(book.name, label))
