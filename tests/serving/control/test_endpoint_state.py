"""Endpoints on disk: they come back, are withdrawn, and survive a file that cannot be read."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from workbench.api.endpoint_handle import Endpoint
from workbench.api.endpoints import withdraw
from workbench.api.project import current_project
from workbench.errors import EndpointNotFoundError, ServingError
from workbench.records.endpoints import Canary, Limits, ServedModel, ServingOptions, Version
from workbench.serving.control.endpoint_state import EndpointState, load_endpoints
from workbench.serving.control.history_writer import HistoryWriter
from workbench.serving.token_files import digest, make_token, token_aside


def stored_endpoint(folder: Path) -> EndpointState:
    made = EndpointState("digits", str(folder / ".workbench"), "sqlite:///x.db", notebook="a.ipynb")
    options = ServingOptions(slo_ms=20.0, requirements=("a==1",), env_vars={"A": "b"})
    made.versions["3"] = Version("3", "digits-v3-1", (ServedModel("digits", 3, "models:/digits/3", "r"),), options, 5.0)
    made.tokens["default"] = {"digest": digest("t"), "created_at": 1.0}
    made.canary = Canary("2", [10.0, 50.0], since=900.0, for_s=60.0, min_requests=100)
    made.limits = Limits(5, 2.5, 7, 0)
    made.set_weights({"3": 100.0})
    made.set_weights({"3": 90.0, "4": 10.0})
    made.add_event("began")
    return made


def test_endpoint_comes_back_as_it_was(tmp_path: Path) -> None:
    made = stored_endpoint(tmp_path)
    made.save()
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o600
    assert load_endpoints([tmp_path / ".workbench", tmp_path / ".workbench"]) == [made]
    assert made.past == [{"3": 100.0}]
    assert made.route_table().tokens == {"default": digest("t")}
    made.erase()
    assert load_endpoints([tmp_path / ".workbench"]) == []


def test_endpoint_that_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    made = stored_endpoint(tmp_path)
    made.save()
    (made.path.parent / "broken.json").write_text("{")
    (made.path.parent / "other.json").write_text(json.dumps({"name": "x"}))
    assert load_endpoints([tmp_path / ".workbench"]) == [made]


def test_endpoint_that_is_only_written_down_can_be_brought_back_or_withdrawn(no_cluster: Path) -> None:
    project, folder = current_project(), no_cluster / ".workbench"
    endpoint = Endpoint(project, "digits")
    with pytest.raises(EndpointNotFoundError, match="nothing is published"):
        withdraw(project, "digits")
    stored_endpoint(no_cluster).save()
    (folder / "endpoints" / "digits.log").write_text("a line\n")
    make_token(folder, "digits")
    token_aside(folder, "digits")
    assert Endpoint(project, "digits").log_page(-5, 5).lines == ["a line"]
    assert endpoint.token_file == folder / "tokens" / "digits" / "default"
    for asked in (endpoint.snapshot, endpoint.withdraw, endpoint.rollback, lambda: endpoint.set_limits(rate=1)):
        with pytest.raises(ServingError, match="Bring it back: %endpoints restore"):
            asked()
    assert endpoint.token_file.exists(), "tokens go after the endpoint, not before"
    withdraw(project, "digits")
    assert not list((folder / "endpoints").iterdir()) + list((folder / "tokens").iterdir())


def test_endpoint_that_does_not_run_is_withdrawn_from_the_registry_too(no_cluster: Path) -> None:
    from mlflow import MlflowClient

    made = replace(stored_endpoint(no_cluster), tracking_uri=f"sqlite:///{no_cluster}/mlflow.db")
    client = MlflowClient(made.tracking_uri)
    client.create_registered_model("digits")
    for _ in range(3):
        client.create_model_version("digits", str(no_cluster))
    history = HistoryWriter()
    run_id = history.begin_run(made, made.versions["3"]).result(60)
    history.close()
    made.versions["3"] = replace(made.versions["3"], history_run=run_id)
    made.save()
    assert client.get_model_version("digits", "3").tags == {"workbench.endpoint.digits": run_id}
    withdraw(current_project(), "digits")
    assert client.get_model_version("digits", "3").tags == {}
    assert client.get_run(run_id).info.status == "FINISHED"
