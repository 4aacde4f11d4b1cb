"""Runs that wait for resources, or never get them."""

from __future__ import annotations

import os
import threading
from typing import Any

import pytest

from tests.support.cells import finished, run_cell, wait_until
from workbench.errors import ResourcesError
from workbench.records.runs import RunState

pytestmark = [pytest.mark.timeout(240), pytest.mark.usefixtures("cluster")]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"workers": 1000}, "room for"),
        ({"gpus_per_worker": 1}, "no GPU"),
        ({"cpus_per_worker": 500.0}, "room for 0"),
        ({"memory": "900T"}, "GiB memory"),
    ],
)
def test_run_that_never_fits_is_refused_at_once(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ResourcesError) as caught:
        run_cell("x = 1", **options)
    assert words in str(caught.value)


def test_run_that_waits_says_why_and_starts_when_it_can() -> None:
    cpus = os.cpu_count() or 1
    holder = run_cell("import time\nprint('ready', flush=True)\ntime.sleep(600)", name="holder", cpus_per_worker=cpus)
    wait_until(lambda: holder.state is RunState.RUNNING)
    waiting = run_cell("ok = 1", name="waiter", returns="ok")
    wait_until(lambda: waiting.snapshot().waiting is not None)
    why = waiting.snapshot().waiting
    assert why is not None
    assert "CPU" in why.needs
    assert "holder" in why.held_by[0]
    assert "%runs stop holder" in why.actions
    holder.stop()
    assert finished(waiting) == {"ok": 1}
    assert holder.state is RunState.STOPPED


def test_run_that_waits_can_be_stopped() -> None:
    cpus = os.cpu_count() or 1
    holder = run_cell("import time\ntime.sleep(600)", cpus_per_worker=cpus)
    wait_until(lambda: holder.state is RunState.RUNNING)
    waiting = run_cell("ok = 1")
    waiting.stop()
    assert waiting.wait(20) is RunState.STOPPED
    holder.stop()
    assert holder.wait(30) is RunState.STOPPED


def test_run_two_at_once_from_two_threads() -> None:
    results: dict[int, Any] = {}

    def go(number: int) -> None:
        results[number] = finished(run_cell(f"x = {number}", returns="x"))["x"]

    threads = [threading.Thread(target=go, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {0: 0, 1: 1}
