"""Batches of requests, and the lines that a model prints."""

from __future__ import annotations

from typing import Any

import pytest

from workbench.serving.replica.batching import BatchQueue, LatencyFit, QueuedRequest
from workbench.serving.replica.captured_output import LineBuffer
from workbench.serving.replica.codecs.decode import Decoded


def test_lines_are_whole_and_limited() -> None:
    sent: list[str] = []
    lines = LineBuffer(sent.append)
    lines.write("one\ntw")
    assert sent == ["one"]
    lines.write("o\n" + "x" * 10_000 + "\n")
    assert sent[1].splitlines()[0] == "two"
    assert sent[1].endswith("... (1808 more)")
    lines.write("many\n" * 5000)
    assert "\n".join(sent).count("many") <= 2 * 1000  # a second may begin meanwhile


def waits(rows: int, arrived: float = 0.0, key: Any = "k", id: int = 1) -> QueuedRequest:
    return QueuedRequest(id, "m", "predict", "", Decoded(None, rows, key), arrived, 1e9)


def test_waiting_takes_what_fits_in_a_batch_and_keeps_the_order() -> None:
    queue = BatchQueue(4, None)
    for each in (1, 2, 3):
        queue.add(waits(2, arrived=each, id=each))
    assert [asked.id for asked in queue.take(9.0)] == [1, 2]
    assert [asked.id for asked in queue.take(9.0)] == [3]


def test_waiting_keeps_apart_what_cannot_go_together() -> None:
    queue = BatchQueue(64, None)
    for at, key in enumerate(("a", None, None, "a")):
        queue.add(waits(1, arrived=at, key=key, id=at))
    assert [[asked.id for asked in queue.take(9.0)] for _ in range(3)] == [[0, 3], [1], [2]]
    assert not len(queue)


def test_waiting_forms_batches_that_meet_the_objective() -> None:
    queue = BatchQueue(1000, 20.0)
    for rows in (1, 10, 20):
        queue.fit("m").observe(rows, 2.0 + rows)
    for each in range(100):
        queue.add(waits(1, arrived=0.0, id=each))
    assert len(queue.take(0.010)) == 8  # 10 ms are left: 2 ms and 1 ms a row


def test_waiting_drops_what_nobody_waits_for() -> None:
    queue = BatchQueue(4, None)
    queue.add(waits(1, id=1))
    queue.add(waits(1, id=2))
    queue.drop(1)
    assert [asked.id for asked in queue.take(0.0)] == [2]


def test_latency_fit_finds_the_line() -> None:
    fit = LatencyFit()
    for rows in (1, 5, 9):
        fit.observe(rows, 3.0 + 0.5 * rows)
    assert fit.line() == pytest.approx((3.0, 0.5))
    assert fit.rows_within(8.0) == 10
