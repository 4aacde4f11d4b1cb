"""Taking endpoints up again: after a crash of the gateway, and after the cluster has ended."""

from __future__ import annotations

import asyncio
import logging
import time
from pathlib import Path

from workbench.serving.control.autoscaler import Scaler
from workbench.serving.control.endpoint_state import EndpointBook, published
from workbench.serving.control.upkeep import Upkeep
from workbench.serving.control.versions import Standing

log = logging.getLogger(__name__)


class Recovery(Upkeep):
    """The gateway's memory put to use."""

    async def adopt(self) -> None:
        """After a crash: take up the endpoints whose applications Serve still runs, end those that nobody knows."""
        running = await asyncio.to_thread(self.deployer.replicas)
        if not running:
            return
        for book in published(self.index.state_dirs):
            if book.name not in self.books and running.keys() & {version.app for version in book.versions.values()}:
                self.take_up(book, running)
        if all(Path(state_dir).is_dir() for state_dir in self.index.state_dirs):
            await self._end_unknown(running)

    async def bring_back(self, state_dirs: list[str], name: str | None = None) -> list[str]:
        """Take up what was published and does not run, and try again what did not come up; gives the names."""
        running = await asyncio.to_thread(self.deployer.replicas)
        names = []
        for book in published(state_dirs):
            if name is not None and book.name != name:
                continue
            if book.name not in self.books:
                self.take_up(book, running)
                names.append(book.name)
            elif self._try_again(self.books[book.name]):
                names.append(book.name)
        return names

    def take_up(self, book: EndpointBook, running: dict[str, int]) -> None:
        """Route an endpoint as its book says; versions that Serve does not run are deployed.

        Args:
            book: As it was written down.
            running: How many replicas Serve has, by application.
        """
        self.books[book.name] = book
        self.index.add(book.state_dir)
        if book.canary is not None:  # what was counted is lost: its step begins anew
            book.canary.base, book.canary.since = {}, time.time()
        self.standings[book.name] = {}
        for order, (label, version) in enumerate(book.versions.items()):
            is_running = version.app in running
            target = running[version.app] if is_running else max(1, version.options.min_replicas)
            standing = Standing(version, Scaler(target), is_settled=True, order=order)
            self.standings[book.name][label] = standing
            self.plane.expect(book.name, label, version.options, target, version.app)
            if is_running:
                standing.was_live, standing.asked = True, target
            else:
                standing.message = "is started again"
                standing.work = self.in_background(self.bring_up(book, standing))
        self.plane.put(book.table())
        if not book.limits.samples:  # it may have ended before they were all forgotten
            self.in_background(self.forget_samples(book))

    def _try_again(self, book: EndpointBook) -> bool:
        failed = [
            standing
            for label, standing in self.standings[book.name].items()
            if standing.failure is not None and label in book.versions
        ]
        for standing in failed:
            standing.work = self.in_background(self.bring_up(book, standing))
        return bool(failed)

    async def _end_unknown(self, running: dict[str, int]) -> None:
        """What was about to come up when the gateway died is in no book."""
        known = {version.app for book in self.books.values() for version in book.versions.values()}
        for app in running.keys() - known:
            log.warning("ending %s, which no endpoint knows", app)
            await asyncio.to_thread(self.deployer.delete, app)
