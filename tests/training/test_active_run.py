"""A run in the foreman: its state, output, orders and journals. No cluster is needed."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from pathlib import Path

import pytest

from workbench.errors import RunNotFoundError
from workbench.records.output import TextEvent
from workbench.records.runs import Resources, RunOptions, RunState
from workbench.tracking.store import TrackingStore
from workbench.training.foreman.run_registry import RunRegistry
from workbench.training.runs.active_run import ActiveRun
from workbench.training.runs.live_series import LiveSeries
from workbench.training.runs.output_buffer import OutputBuffer
from workbench.training.spec import CellCode, ProcessInfo, RunSpec

CODE = CellCode("x = 1", "cell", 0, b"", (), frozenset(), (), {}, {}, frozenset(), (), "/")


@pytest.fixture
def registry() -> RunRegistry:
    return RunRegistry()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> TrackingStore:
    folder = tmp_path_factory.mktemp("store")
    return TrackingStore(f"sqlite:///{folder}/mlflow.db", folder / "artifacts")


def spec(folder: Path, name: str = "digits", workers: int = 1) -> RunSpec:
    options = RunOptions(resources=Resources(workers=workers))
    return RunSpec(options, CODE, name, "nb", f"sqlite:///{folder}/mlflow.db", None, str(folder / ".workbench"))


def text(x: str) -> TextEvent:
    return {"k": "out", "t": time.time(), "s": "stdout", "x": x}


def process(pid: int) -> ProcessInfo:
    return ProcessInfo(pid, "node", "127.0.0.1", "host", 4000, "3.11", 2)


@pytest.fixture
def run(registry: RunRegistry, store: TrackingStore, tmp_path: Path) -> ActiveRun:
    return registry.add("r1", spec(tmp_path), store)


def test_run_watcher_gets_output_after_its_cursor(run: ActiveRun) -> None:
    run.handle(0, text("one\n"))
    first = asyncio.run(run.watch(0, 0.0))
    run.handle(0, text("two\n"))
    run.handle(1, text("of another rank\n"))
    second = asyncio.run(run.watch(first.cursor, 0.0))
    assert [event["x"] for event in second.events if event["k"] == "out"] == ["two\n"]
    assert second.snapshot.log_lines == {0: 2, 1: 1}


def test_run_watcher_is_woken_by_a_change(run: ActiveRun) -> None:
    async def watch() -> RunState:
        watching = asyncio.ensure_future(run.watch(run.version, 30.0))
        await asyncio.sleep(0)
        run.enter(RunState.RUNNING)
        return (await watching).snapshot.state

    assert asyncio.run(watch()) is RunState.RUNNING


def test_run_takes_journal_bytes_once(run: ActiveRun) -> None:
    assert run.accept(1, 0, 0, 100)
    assert not run.accept(1, 0, 0, 100)
    assert run.accept(1, 0, 100, 20)
    assert run.shipped(1, 0) == 120
    assert run.shipped(2, 0) == 0


def test_run_order_goes_to_its_workers_alone(run: ActiveRun) -> None:
    run.interrupt([1], "end_trial")
    assert asyncio.run(run.next_order(1, 0.0)) == "end_trial"
    assert asyncio.run(run.next_order(1, 0.0)) is None
    assert asyncio.run(run.next_order(0, 0.0)) is None
    run.interrupt()
    assert asyncio.run(run.next_order(0, 0.0)) == "interrupt"


def test_run_new_process_gets_no_order_of_the_one_before(run: ActiveRun) -> None:
    run.set_workers(range(2), [process(10), process(11)])
    run.interrupt([1], "end_trial")
    run.set_workers(range(1, 2), [process(12)])
    assert asyncio.run(run.next_order(1, 0.0)) is None
    assert [(worker.rank, worker.pid) for worker in run.snapshot.workers] == [(0, 10), (1, 12)]


def test_run_that_ended_takes_no_stop(run: ActiveRun) -> None:
    run.end(RunState.FINISHED)
    run.request_stop("ada")
    assert not run.stop_requested.is_set()
    assert run.snapshot.stopped_by == ""


def test_registry_unknown_run_says_so(registry: RunRegistry) -> None:
    with pytest.raises(RunNotFoundError, match="'r9'"):
        registry.get("r9")


def test_registry_forgets_ended_runs_alone(registry: RunRegistry, store: TrackingStore, tmp_path: Path) -> None:
    runs = [registry.add(f"r{number}", spec(tmp_path), store) for number in range(203)]
    for run in runs[1:]:
        run.end(RunState.FINISHED)
    registry.forget_ended()
    assert [run.run_id for run in registry][:2] == ["r0", "r4"]
    assert registry.find("r1") is None


def test_registry_says_what_others_hold(registry: RunRegistry, store: TrackingStore, tmp_path: Path) -> None:
    holder = registry.add("a", spec(tmp_path, "holder", workers=2), store)
    waiting = registry.add("b", spec(tmp_path, "waiter"), store)
    registry.hold(holder, teams=3)
    assert registry.held_by_others(waiting) == {"holder": replace(holder.spec.options.resources, workers=6)}
    assert registry.held_by_others(holder) == {}
    registry.hold(holder, teams=0)
    assert registry.held_by_others(waiting) == {}


def test_output_buffer_counts_the_lines_that_it_dropped() -> None:
    buffer = OutputBuffer()
    for version in range(1, 31):
        buffer.add(version, text("x" * 99_999 + "\n"))
    events, skipped = buffer.since(0)
    assert len(events) + skipped == 30
    assert len(events) == 10
    assert buffer.since(25)[1] == 0


def test_live_series_stays_small_and_keeps_the_newest_point() -> None:
    series = LiveSeries()
    for step in range(10_001):
        series.add(step, step / 2)
    assert len(series.points) <= 401
    assert series.points[0] == (0, 0.0)
    assert series.points[-1] == (10_000, 5_000.0)
