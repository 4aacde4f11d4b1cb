"""Helpers of tests that publish on a real cluster."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import urllib3

import workbench
from tests.support.waiting import until


@cache
def digits() -> tuple[Any, np.ndarray]:
    """A model of scikit-learn's digits, and the digits."""
    from sklearn.datasets import load_digits
    from sklearn.linear_model import LogisticRegression

    data, target = load_digits(return_X_y=True)
    return LogisticRegression(max_iter=300).fit(data / 16, target), data / 16


@cache
def other_digits() -> Any:
    """Another model of the same data."""
    from sklearn.datasets import load_digits
    from sklearn.neighbors import KNeighborsClassifier

    data, target = load_digits(return_X_y=True)
    return KNeighborsClassifier(3).fit(data / 16, target)


def version(endpoint: Any, label: str) -> dict[str, Any]:
    """A version's part of the snapshot, empty where it is gone."""
    return next((one for one in endpoint.snapshot()["versions"] if one["label"] == label), {})


@contextmanager
def withdrawn() -> Iterator[None]:
    """What is published meanwhile is withdrawn in the end."""
    from workbench.api.endpoints import endpoints_overview, withdraw
    from workbench.api.project import current_project

    try:
        yield
    finally:
        for one in endpoints_overview(current_project())["endpoints"]:
            withdraw(current_project(), one["name"])


@dataclass
class Load:
    """What clients that ask all the time have seen."""

    statuses: dict[int, int] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    @property
    def asked(self) -> int:
        return sum(self.statuses.values())

    def assert_well(self) -> None:
        assert self.asked > 0
        assert set(self.statuses) == {200}, (self.statuses, self.bodies[:3])
        assert not self.errors, self.errors[:3]


@contextmanager
def under_load(endpoint: workbench.Endpoint, clients: int = 4, rows: Any = None) -> Iterator[Load]:
    """Clients that ask one request after the other, each on a connection of its own that it keeps."""
    _, data = digits()
    body = json.dumps({"inputs": (data[:1] if rows is None else rows).tolist()}).encode()
    url, token = f"{endpoint.url}/predict", endpoint.token
    load, ending, lock = Load(), threading.Event(), threading.Lock()

    def ask() -> None:
        with urllib3.PoolManager(maxsize=1) as pool:
            while not ending.is_set():
                try:
                    answer = pool.request(
                        "POST",
                        url,
                        body=body,
                        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
                        timeout=30.0,
                        retries=urllib3.Retry(connect=0, read=0, redirect=0, status=0),
                    )
                except urllib3.exceptions.HTTPError as error:
                    with lock:
                        load.errors.append(repr(error))
                    continue
                with lock:
                    load.statuses[answer.status] = load.statuses.get(answer.status, 0) + 1
                    label = answer.headers.get("X-Workbench-Version", "")
                    load.versions[label] = load.versions.get(label, 0) + 1
                    if answer.status != 200:
                        load.bodies.append(answer.data)

    threads = [threading.Thread(target=ask, daemon=True) for _ in range(clients)]
    for thread in threads:
        thread.start()
    try:
        until(lambda: load.asked or load.errors)
        yield load
    finally:
        ending.set()
        for thread in threads:
            thread.join(35)
