"""Samples of requests: drawn evenly, as many as are wanted, forgotten when nobody wants them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from statistics import mean

import pytest

from tests.serving.control.test_upkeep import book_of
from workbench.errors import TrackingError
from workbench.records.endpoints import Version
from workbench.serving.control.endpoint_state import EndpointBook
from workbench.serving.control.history_writer import Diary
from workbench.serving.dataplane.request import Answer, Request
from workbench.serving.dataplane.samples import Samples
from workbench.serving.history import kept_samples
from workbench.tracking.store import TrackingStore

SAMPLE = {"t": 1.0, "status": 200, "latency_ms": 1.0, "request": "[1]", "answer": "[2]"}


def offer(samples: Samples, numbers: Iterable[int]) -> None:
    for number in numbers:
        samples.offer(Request("digits", "predict", b"%d" % number), Answer(200, b"1"), 1.0)


def numbers_in(samples: Samples) -> list[int]:
    return [int(sample["request"]) for sample in samples.to_json()]


def test_samples_are_drawn_evenly() -> None:
    drawn = []
    for _ in range(300):
        offer(samples := Samples(10), range(200))
        drawn += numbers_in(samples)
    assert len(drawn) == 3000
    assert mean(drawn) == pytest.approx(99.5, abs=5)  # of 3,000 the deviation is 1.05
    assert sum(number < 20 for number in drawn) == pytest.approx(300, abs=85)


@pytest.mark.parametrize("before", [0, 3])
def test_samples_that_are_wanted_anew_are_drawn_evenly_from_what_comes_then(before: int) -> None:
    drawn = []
    for _ in range(300):
        offer(samples := Samples(10), range(1000, 3000))
        samples.resize(before)
        assert len(samples.to_json()) == before
        samples.resize(10)
        offer(samples, range(200))
        drawn += [number for number in numbers_in(samples) if number < 1000]
    assert len(drawn) > 2800
    assert mean(drawn) == pytest.approx(99.5, abs=5)


def test_samples_are_smaller_where_there_are_more() -> None:
    for size, most in ((100, 16384), (1000, 2097)):
        samples = Samples(size)
        for length in (most, most + 1):
            samples.offer(Request("digits", "predict", b" " * length), Answer(200, b"1"), 1.0)
        assert [len(sample["request"]) for sample in samples.to_json()] == [most]


@pytest.fixture
def book(tmp_path: Path) -> EndpointBook:
    """An endpoint of two registered versions."""
    from mlflow import MlflowClient

    made = book_of(tmp_path, artifact_dir=str(tmp_path / "artifacts"))
    client = MlflowClient(made.tracking_uri)
    client.create_registered_model("digits")
    for _ in range(2):
        client.create_model_version("digits", str(tmp_path))
    return made


def kept(diary: Diary, book: EndpointBook, label: str) -> Version:
    """A version of which a sample is kept."""
    model = book.versions[label].models
    run_id = diary.begin(book, Version(label, f"app-{label}", model)).result(60)
    made = Version(label, f"app-{label}", model, history_run=run_id)
    diary.figures(book, made, {}, [SAMPLE])
    return made


def test_samples_are_forgotten_of_this_projects_endpoint_alone(book: EndpointBook) -> None:
    other = replace(book, state_dir=f"{book.state_dir}-of-another", versions={"3": book.versions["1"]})
    diary, store = Diary(), TrackingStore(book.tracking_uri)
    made = {label: kept(diary, book, label) for label in "12"}
    kept(diary, other, "3")
    book.versions = {"2": made["2"]}  # the first has gone
    diary.forget_samples(book).result(60)
    diary.close()
    assert [len(kept_samples(store, "digits", label)) for label in "123"] == [0, 0, 1]


def test_samples_that_cannot_be_forgotten_are_told_and_others_go(book: EndpointBook, tmp_path: Path) -> None:
    diary, store = Diary(), TrackingStore(book.tracking_uri)
    made = {label: kept(diary, book, label) for label in "12"}
    diary._writer.submit(lambda: None).result(60)
    [newest] = tmp_path.rglob(f"{made['2'].history_run}/artifacts/samples.json")
    newest.unlink()
    newest.symlink_to("gone/samples.json")
    with pytest.raises(TrackingError, match=r"samples\.json"):
        diary.forget_samples(book).result(60)
    diary.close()
    assert kept_samples(store, "digits", "1") == []
