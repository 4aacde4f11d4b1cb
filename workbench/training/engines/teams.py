"""The engine of sweeps: teams of workers that run trials, as many as are asked for, or as fit.

A team is a crew whose ranks run one trial after the other together. Teams come and go while the sweep runs: one whose
process died is replaced, and with ``--parallel auto`` there are more while resources are free and fewer while another
run waits for them.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from dataclasses import replace

import ray

from workbench.cluster.capacity import room_now
from workbench.records.runs import Failure
from workbench.sweeps.summary import SweepSummary
from workbench.training.engines.base import AttemptOutcome, LaunchRequest
from workbench.training.engines.crew import CrewAttempt, draw
from workbench.training.engines.placement import Reservation, reserve
from workbench.training.spec import RankOutcome

_CHECK_EVERY_S = 0.25
_GROW_WAIT_S = 3.0
_END_GRACE_S = 5.0
_MAX_TEAMS = 64
_MAX_EARLY_DEATHS = 5
_DEATHS = frozenset({"killed", "crashed", "out_of_memory", "node_lost"})


class TeamsEngine:
    """Start a sweep with its first team; the others follow."""

    name = "teams"

    async def launch(self, request: LaunchRequest) -> SweepAttempt:
        """See :class:`~workbench.training.engines.base.Engine`."""
        reservation = await reserve(request.spec.options.resources, request.run.run_id, request.on_wait)
        request.on_reserved()
        return SweepAttempt(request, reservation)


class SweepAttempt:
    """The teams of one sweep."""

    def __init__(self, request: LaunchRequest, first: Reservation) -> None:
        assert request.spec.sweep is not None
        self._request, self._plan = request, request.spec.sweep
        self._conductor = request.conductor
        self._size = request.spec.options.resources.workers
        # Journals are told apart by attempt and worker: each start of a team counts as an attempt of its own.
        self._launches = itertools.count(request.attempt * 1000)
        self._teams: dict[int, asyncio.Task[None]] = {}
        self._crews: dict[int, CrewAttempt] = {}
        self._failure: Failure | None = None
        self._early_deaths = 0
        self._is_released = False
        self._overdue_since: float | None = None
        self._add(first)
        self._managing = asyncio.ensure_future(self._manage())

    async def outcome(self) -> AttemptOutcome:
        """See :class:`~workbench.training.engines.base.RunningAttempt`."""
        await asyncio.shield(self._managing)
        if self._failure is not None:
            return AttemptOutcome(self._failure)
        summary: SweepSummary = await self._conductor.summary.remote()
        if self._request.run.stop_requested.is_set():
            return AttemptOutcome(Failure("stopped", "interrupted"))
        if summary.ended_by:
            self._request.run.note(
                f"The sweep ended with {summary.done} of {summary.total} trials: {summary.ended_by}."
            )
        if summary.problem:
            fix = "The failed trials' errors are in the run's log."
            return AttemptOutcome(Failure("error", summary.problem, fix=fix))
        known, blob = self._conductor.returns.options(num_returns=2).remote()
        found = await known
        if found is None:
            if self._request.spec.options.returns:
                self._request.run.note(f"Nothing came back: {self._why_nothing(summary)}.")
            return AttemptOutcome(None, rank_zero=RankOutcome(0, None, time.time()))
        names, problem, models = found
        outcome = RankOutcome(0, None, time.time(), returned=names, returns_error=problem, models=models)
        return AttemptOutcome(None, blob if names else None, outcome)

    def _why_nothing(self, summary: SweepSummary) -> str:
        if len(self._plan.goals) > 1:
            return "with several goals there is no best trial"
        if summary.best_number is None:
            return "no trial is complete"
        return f"an earlier sweep found the best, trial {summary.best_number}"

    async def kill(self) -> None:
        """See :class:`~workbench.training.engines.base.RunningAttempt`."""
        for crew in list(self._crews.values()):
            await crew.kill()

    async def release(self) -> None:
        """See :class:`~workbench.training.engines.base.RunningAttempt`."""
        if self._is_released:
            return
        self._is_released = True
        self._managing.cancel()
        for team in self._teams.values():
            team.cancel()
        await asyncio.gather(self._managing, *self._teams.values(), return_exceptions=True)

    # -- the number of teams -----------------------------------------------------------------------------

    async def _manage(self) -> None:
        """Keep as many teams as there is work and room for, until nothing is left to do."""
        while True:
            try:
                summary: SweepSummary = await self._conductor.summary.remote()
            except ray.exceptions.RayError as error:
                summary = SweepSummary()
                self._failure = Failure("killed", f"the actor that gives out the sweep's trials was lost: {error}")
            is_ending = self._failure is not None or self._request.run.stop_requested.is_set() or summary.is_over
            if is_ending and not self._teams:
                return
            if self._failure is not None:
                self._request.run.interrupt()
            if is_ending:
                for slot in set(self._teams) - set(self._crews):  # they wait for resources, and are of no more use
                    self._teams[slot].cancel()
            else:
                await self._grow_or_shrink(summary)
                self._interrupt_overdue(summary)
            await self._wait()

    async def _wait(self) -> None:
        if self._teams:
            await asyncio.wait(self._teams.values(), timeout=_CHECK_EVERY_S, return_when=asyncio.FIRST_COMPLETED)
        else:
            await asyncio.sleep(_CHECK_EVERY_S)
        for slot in [slot for slot, team in self._teams.items() if team.done()]:
            self._teams.pop(slot)
        self._request.on_teams(len(self._teams))

    async def _grow_or_shrink(self, summary: SweepSummary) -> None:
        useful = summary.running + summary.startable
        if self._plan.parallel is not None:
            target = min(self._plan.parallel, useful)
        elif self._request.is_crowded():
            target = min(max(1, len(self._teams) - 1), useful)
        elif len(self._crews) == len(self._teams):  # none is on its way
            room = await asyncio.to_thread(room_now, self._request.spec.options.resources)
            target = min(len(self._teams) + room, useful, _MAX_TEAMS)
        else:
            target = len(self._teams)
        for _ in range(len(self._teams), target):
            self._add()
        if target < len(self._teams) and summary.startable:
            self._conductor.dismiss.remote(self._request_of(max(self._teams)).team)

    def _interrupt_overdue(self, summary: SweepSummary) -> None:
        """Interrupt trials that go on long after the sweep's time was over, since they report nothing."""
        if not summary.ended_by or not summary.running:
            self._overdue_since = None
        elif self._overdue_since is None:
            self._overdue_since = time.monotonic()
        elif time.monotonic() - self._overdue_since > _END_GRACE_S:
            self._overdue_since = time.monotonic()
            self._request.run.interrupt([worker.rank for worker in self._request.run.snapshot.workers], "end_trial")

    def _add(self, reservation: Reservation | None = None) -> None:
        slot = next(slot for slot in itertools.count() if slot not in self._teams)
        self._teams[slot] = asyncio.ensure_future(self._team(slot, reservation))

    # -- one team ------------------------------------------------------------------------------

    async def _team(self, slot: int, reservation: Reservation | None) -> None:
        """Run a team from its reservation to its end; with ``--isolate`` its processes are new for each trial."""
        request = self._request_of(slot)
        try:
            reservation = reservation or await self._reserve()
            if reservation is None:
                return
            while await self._run_crew(slot, reservation) and self._plan.isolate:
                summary: SweepSummary = await self._conductor.summary.remote()
                if not summary.startable or self._failure or self._request.run.stop_requested.is_set():
                    return
        except ray.exceptions.RayError as error:
            self._failure = self._failure or Failure("killed", f"a team could not be started: {error}")
        except Exception as error:
            self._failure = self._failure or Failure("setup", f"a team failed: {type(error).__name__}: {error}")
        finally:
            self._crews.pop(slot, None)
            if reservation is not None:
                reservation.release()
            request.run.set_workers(request.workers, [])

    async def _reserve(self) -> Reservation | None:
        reserving = reserve(self._request.spec.options.resources, self._request.run.run_id, lambda: None)
        if self._plan.parallel is not None:
            return await reserving
        with contextlib.suppress(asyncio.TimeoutError):  # somebody else was quicker
            return await asyncio.wait_for(reserving, _GROW_WAIT_S)
        return None

    async def _run_crew(self, slot: int, reservation: Reservation) -> bool:
        """Run processes that run trials until none is left for them; return whether all went well."""
        request = replace(self._request_of(slot), attempt=next(self._launches))
        crew = CrewAttempt(request, reservation, await draw(request, reservation))
        self._crews[slot] = crew
        try:
            outcome = await crew.outcome()
        finally:
            await crew.end_processes()
        failure = outcome.failure
        is_death = failure is not None and failure.kind in _DEATHS
        lost = await self._conductor.release.remote(request.team, is_fault=is_death)
        if failure is None:
            return True
        self._early_deaths = self._early_deaths + 1 if is_death and not lost else 0
        if is_death and self._early_deaths < _MAX_EARLY_DEATHS:
            request.run.note(f"{failure.message}; {'its trial has failed' if lost else 'no trial was lost'}.")
        elif failure.kind != "stopped":
            self._failure = self._failure or failure
        return False

    def _request_of(self, slot: int) -> LaunchRequest:
        return replace(self._request, first_worker=slot * self._size)
