"""Finds out why a rank ended: which failure was first, and why a process died."""

from __future__ import annotations

import contextlib

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from workbench.records.runs import Failure
from workbench.training.engines.base import LaunchRequest
from workbench.training.journal import parse
from workbench.training.spec import ProcessInfo, RankOutcome
from workbench.training.worker.process import read_leftover

_READ_TIMEOUT_S = 5.0
_NEARLY_ALL = 0.9


async def examine_dead_rank(request: LaunchRequest, rank: int, process: ProcessInfo, error: BaseException) -> Failure:
    """Fetch what a dead rank had written but not sent; return why it died."""
    run, worker = request.run, request.first_worker + rank
    offset = run.shipped(request.attempt, worker)
    data, crash = b"", ""
    here = ray.get_runtime_context().get_node_id()
    if process.node_id == here:
        data, crash = read_leftover(run.run_id, request.attempt, worker, offset)
    else:
        with contextlib.suppress(ray.exceptions.RayError, TimeoutError):
            ref = (
                ray.remote(read_leftover)
                .options(num_cpus=0, scheduling_strategy=NodeAffinitySchedulingStrategy(process.node_id, soft=False))
                .remote(run.run_id, request.attempt, worker, offset)
            )
            data, crash = ray.get(ref, timeout=_READ_TIMEOUT_S)
    if data and run.accept(request.attempt, worker, offset, len(data)):
        request.take_events(worker, parse(data))
    return _cause_of_death(request, worker, process, error, crash)


def _cause_of_death(
    request: LaunchRequest, rank: int, process: ProcessInfo, error: BaseException, crash: str
) -> Failure:
    text = str(error)
    low = text.lower()
    if (
        isinstance(error, ray.exceptions.OutOfMemoryError)
        or "due to memory pressure" in low
        or "oom" in low.split("(1)")[0]
    ):
        return _out_of_memory(rank, process)
    if (
        "node" in low
        and ("died" in low or "terminat" in low or "removed" in low)
        and not _is_node_alive(process.node_id)
    ):
        return Failure("node_lost", f"rank {rank}'s node {process.host} was lost", rank=rank)
    if "Fatal Python error" in crash:
        what = crash.split("Fatal Python error:", 1)[1].splitlines()[0].strip()
        return Failure(
            "crashed",
            f"rank {rank} crashed: {what}",
            traceback=crash.strip()[:4000],
            rank=rank,
            fix="The fault is in compiled code that the cell calls; the stack above shows where.",
        )
    if _was_memory_full(request, process):
        return _out_of_memory(rank, process)
    if "exit code" in low and "code 0" not in low and "connection error code 2" not in low:
        code = low.split("exit code", 1)[1].strip(" .=:").split()[0].strip(".,")
        return Failure("killed", f"rank {rank} ended by itself with exit code {code}", rank=rank)
    return Failure(
        "killed", f"rank {rank} (process {process.pid} on {process.host}) was killed from outside", rank=rank
    )


def _out_of_memory(rank: int, process: ProcessInfo) -> Failure:
    return Failure(
        "out_of_memory",
        f"rank {rank} was killed because {process.host} ran out of memory",
        rank=rank,
        fix="Use less data per worker, smaller batches or fewer workers on a node; --memory MIB reserves memory.",
    )


def _was_memory_full(request: LaunchRequest, process: ProcessInfo) -> bool:
    """Return whether the last traces say that the node's memory was nearly all used by the run."""
    total = request.run.node_memory_mb
    used = sum(worker.rss_mb or 0.0 for worker in request.run.snapshot.workers if worker.node == process.host)
    return bool(total) and used > _NEARLY_ALL * (total or 0.0)


def _is_node_alive(node_id: str) -> bool:
    return any(node["NodeID"] == node_id and node["Alive"] for node in ray.nodes())


def first_cause(outcomes: list[RankOutcome], dead: dict[int, Failure]) -> Failure | None:
    """Return the failure that the others follow from.

    A rank that died comes first: the others then fail in their next collective. Then the earliest
    error that is not itself about another rank's end.
    """
    if dead:
        return dead[min(dead)]
    failed = [outcome for outcome in outcomes if outcome.failure is not None]
    if not failed:
        return None
    failed.sort(
        key=lambda outcome: (
            outcome.failure.kind == "stopped" if outcome.failure else False,
            outcome.is_peer_error,
            outcome.ended_at,
        )
    )
    return failed[0].failure
