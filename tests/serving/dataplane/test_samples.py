"""Samples of requests: drawn evenly, as many as are wanted, forgotten when nobody wants them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from statistics import mean

import pytest

from tests.support.endpoint_states import endpoint_of
from workbench.errors import TrackingError
from workbench.records.endpoints import Version
from workbench.serving.control.endpoint_state import EndpointState
from workbench.serving.control.history_writer import HistoryWriter
from workbench.serving.dataplane.request import Answer, Request
from workbench.serving.dataplane.samples import Samples
from workbench.serving.history import stored_samples
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
def endpoint(tmp_path: Path) -> EndpointState:
    """An endpoint of two registered versions."""
    from mlflow import MlflowClient

    made = endpoint_of(tmp_path, artifact_dir=str(tmp_path / "artifacts"))
    client = MlflowClient(made.tracking_uri)
    client.create_registered_model("digits")
    for _ in range(2):
        client.create_model_version("digits", str(tmp_path))
    return made


def kept(history: HistoryWriter, endpoint: EndpointState, label: str) -> Version:
    """A version of which a sample is kept."""
    model = endpoint.versions[label].models
    run_id = history.begin_run(endpoint, Version(label, f"app-{label}", model)).result(60)
    made = Version(label, f"app-{label}", model, history_run=run_id)
    history.write_figures(endpoint, made, {}, [SAMPLE])
    return made


def test_samples_are_forgotten_of_this_projects_endpoint_alone(endpoint: EndpointState) -> None:
    other = replace(endpoint, state_dir=f"{endpoint.state_dir}-of-another", versions={"3": endpoint.versions["1"]})
    history, store = HistoryWriter(), TrackingStore(endpoint.tracking_uri)
    made = {label: kept(history, endpoint, label) for label in "12"}
    kept(history, other, "3")
    endpoint.versions = {"2": made["2"]}  # the first has gone
    history.forget_samples(endpoint).result(60)
    history.close()
    assert [len(stored_samples(store, "digits", label)) for label in "123"] == [0, 0, 1]


def test_samples_that_cannot_be_forgotten_are_told_and_others_go(endpoint: EndpointState, tmp_path: Path) -> None:
    history, store = HistoryWriter(), TrackingStore(endpoint.tracking_uri)
    made = {label: kept(history, endpoint, label) for label in "12"}
    history._writer.submit(lambda: None).result(60)
    [newest] = tmp_path.rglob(f"{made['2'].history_run}/artifacts/samples.json")
    newest.unlink()
    newest.symlink_to("gone/samples.json")
    with pytest.raises(TrackingError, match=r"samples\.json"):
        history.forget_samples(endpoint).result(60)
    history.close()
    assert stored_samples(store, "digits", "1") == []
