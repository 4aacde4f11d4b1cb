"""Publishes to Workbench as a notebook does, and measures what only it has: a cache, updates, a cluster of its own."""

from __future__ import annotations

import http.client
import json
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from figures import Figure, seconds
from serving_load import Load, Seen, ask

from serving_peers import models
from serving_peers.peers import settle

CLIENTS, WARM_PUBLISHES, AROUND_S, LOAD_S = 16, 3, 2.0, 3.0
SLOW = """
import time as _time

def slow(inputs):
    _time.sleep(0.01)
    return [float(row[0]) for row in inputs]
"""


@dataclass(frozen=True)
class Published:
    """An endpoint that answers: its handle, how it is asked, and how long that took from the call of ``publish``."""

    endpoint: Any
    url: str
    headers: dict[str, str]
    took_s: float


@contextmanager
def cluster() -> Iterator[None]:
    """No cluster before and none after: what is published within starts its own."""
    _end_cluster()
    try:
        yield
    finally:
        _end_cluster()


def _end_cluster() -> None:
    from workbench.cluster import connection, local

    connection.disconnect()
    local.stop()


def supervisor() -> psutil.Process:
    """The process that all of the cluster descends from."""
    from workbench.cluster import local

    running = local.running()
    if running is None:
        raise RuntimeError("Cannot measure: no cluster runs.")
    return psutil.Process(running.pid)


@contextmanager
def published(model: Any, name: str, body: str, example: Any, **options: Any) -> Iterator[Published]:
    """A published model, from its first right answer until it is withdrawn."""
    import workbench

    began = time.perf_counter()
    endpoint = workbench.publish(model, name=name, example=example, **options)
    try:
        url, headers = f"{endpoint.url}/predict", {"Authorization": f"Bearer {endpoint.token}"}
        first_answer(url, headers, body)
        yield Published(endpoint, url, headers, time.perf_counter() - began)
    finally:
        endpoint.withdraw()


def first_answer(url: str, headers: dict[str, str], body: str) -> str:
    """Ask once; the version that answered."""
    host, _, path = url.removeprefix("http://").partition("/")
    connection = http.client.HTTPConnection(host, timeout=60)
    connection.request("POST", f"/{path}", body, {"Content-Type": "application/json", **headers})
    response = connection.getresponse()
    text = response.read()
    connection.close()
    if response.status != 200:
        raise RuntimeError(f"Cannot measure: {url} answered {response.status} {text[:300]!r}.")
    return response.headers["X-Workbench-Version"] or ""


def measure(model: Any, folder: Path, cold_s: list[float]) -> list[Figure]:
    """What has no peer; ``cold_s`` is how long it took from no cluster to a first answer."""
    job, rows = json.loads((folder / "digits.json").read_text()), models.example("digits")
    with cluster(), published(model, "digits", job["bodies"][0], rows) as digits:
        settle(supervisor())
        ask(digits.url, job["bodies"], job["answers"], clients=CLIENTS, seconds=LOAD_S, headers=digits.headers)
        memory = _memory()
        warm_s = []
        for number in range(WARM_PUBLISHES):
            with published(model, f"warm-{number}", job["bodies"][0], rows) as warm:
                warm_s.append(warm.took_s)
        return [
            Figure("publish to the first answer, cluster up", seconds(warm_s), "–", "–", "at most 8 s"),
            Figure("publish to the first answer, no cluster yet", seconds(cold_s), "–", "–", "–"),
            _update(model, digits, job, rows),
            _cached(),
            Figure("memory after load: gateway; a replica", memory, "–", "–", "–"),
        ]


def _update(model: Any, digits: Published, job: dict[str, Any], rows: Any) -> Figure:
    import workbench

    with Load(digits.url, job["bodies"], job["answers"], clients=CLIENTS, seconds=None, headers=digits.headers) as load:
        time.sleep(AROUND_S)
        before = first_answer(digits.url, digits.headers, job["bodies"][0])
        began = time.perf_counter()
        workbench.publish(model, name="digits", example=rows)
        took = time.perf_counter() - began
        time.sleep(AROUND_S)
        after = first_answer(digits.url, digits.headers, job["bodies"][0])
        seen = load.seen()
    if before == after:
        raise RuntimeError(f"Cannot measure an update: version {before} still answers.")
    texts = f": {'; '.join(seen.texts)}" if seen.errors else ""
    return Figure(
        f"an update (version {before} to {after}, {took:.1f} s) while {CLIENTS} clients ask",
        f"{seen.errors} of {seen.requests:,} requests failed{texts}", "–", f"p99 {seen.p99_ms:.1f} ms", "0 failed",
    )  # fmt: skip


def _cached() -> Figure:
    import numpy as np

    import __main__

    exec(SLOW, vars(__main__))  # a function of the notebook's, which travels by value
    rows = np.random.default_rng(0).random((1000, 64))
    bodies = [json.dumps({"inputs": [row.tolist()]}) for row in rows]
    answers = [[float(row[0])] for row in rows]
    with published(vars(__main__)["slow"], "slow", bodies[-1], rows[:2], cache=1000) as slow:

        def alone(count: int) -> Seen:
            seen = ask(slow.url, bodies[:count], answers, clients=1, seconds=LOAD_S, headers=slow.headers)
            if seen.errors:
                raise RuntimeError(f"Cannot measure the cache: {seen.texts}.")
            return seen

        computed, cached = alone(len(bodies)), alone(1)
    return Figure(
        "an answer of a model of 10 ms that was given before, against computing it", f"{cached.p50_ms:.2f} ms",
        f"{computed.p50_ms:.2f} ms", f"{computed.p50_ms / cached.p50_ms:.0f} times sooner", "at least 5 times sooner",
    )  # fmt: skip


def _memory() -> str:
    """What the gateway and the replica have resident."""
    found: dict[str, list[float]] = {"Gateway": [], "ServeReplica": []}
    for process in supervisor().children(recursive=True):
        title = " ".join(process.cmdline())
        for word, sizes in found.items():
            if title.startswith("ray::") and word in title:
                sizes.append(process.memory_info().rss / 2**20)
    return "; ".join(f"{statistics.median(sizes):.0f} MiB" if sizes else "not found" for sizes in found.values())
