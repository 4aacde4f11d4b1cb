"""What the verbs answer, against ``openapi.json``: the parts that need no cluster."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import nbformat
import optuna
import pytest

from tests.support.rest import description
from workbench.bridge.line import as_json
from workbench.bridge.verbs import Verbs
from workbench.records.runs import Failure, RunState
from workbench.sweeps.studies import storage_id
from workbench.tracking.registry import Registry
from workbench.tracking.store import TrackingStore


@pytest.fixture
def project_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a failed run, a curve that diverged, a registered model and a study; no cluster."""
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path / "home"))
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "pyproject.toml").touch()
    return folder


@pytest.fixture
def run_id(project_folder: Path) -> str:
    state = project_folder / ".workbench"
    store = TrackingStore(f"sqlite:///{state}/mlflow.db", state / "artifacts")
    cell = nbformat.v4.new_code_cell("%%train\na = 1")
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), project_folder / "book.ipynb")
    tags = {"workbench.notebook": str(project_folder / "book.ipynb"), "workbench.cell_id": cell.id}
    run_id = store.create_run(experiment="book", name="one", tags=tags, params={"lr": 0.1})
    store.log_metrics(run_id, [("loss", value, 1000, step) for step, value in enumerate((0.5, float("nan")))])
    store.log_bytes(run_id, b"%%train\na = 1", "lineage/cell.py")
    store.set_state(run_id, RunState.FAILED, failure=Failure("error", "it broke"))
    registry = Registry(store)
    registry.register(f"runs:/{run_id}/model", "digits", run_id)
    registry.set_alias("digits", "champion", 1)
    return run_id


def check(operation_id: str, answer: Any) -> Any:
    """Compare an answer with the schema of its operation; return it as JSON has it."""
    sent = json.loads(as_json(answer))
    operations = [operation for path in description()["paths"].values() for operation in path.values()]
    (operation,) = [found for found in operations if found["operationId"] == operation_id]
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    whole = {**schema, "components": description()["components"]}
    jsonschema.validate(sent, whole, jsonschema.Draft202012Validator)
    return sent


def test_answers_about_runs_are_as_described(project_folder: Path, run_id: str) -> None:
    verbs = Verbs(project_folder)
    (row,) = check("runs", verbs.runs.runs())["runs"]
    assert (row["state"], row["failure"]["message"], row["notebook"]) == ("failed", "it broke", "book.ipynb")
    assert row["metrics"] == {"loss": None}
    assert "book" in check("experiments", verbs.runs.experiments())["experiments"]
    assert check("run", verbs.runs.run(run_id))["snapshot"]["state"] == "failed"
    assert check("compare", verbs.runs.compare([run_id]))["runs"][0]["params"] == {"lr": "0.1"}
    assert check("series", verbs.run_data.series(run_id, "loss"))["points"] == [[0.0, 0.5], [1.0, None]]
    assert check("logs", verbs.run_data.logs(run_id))["total"] == 0
    assert check("artifacts", verbs.run_data.artifacts(run_id))["paths"] == ["lineage/cell.py"]
    assert check("artifact", verbs.run_data.artifact(run_id, "lineage/cell.py"))["type"].startswith("text/")
    assert check("cell", verbs.run_data.cell(run_id))["now"] == "%%train\na = 1"
    assert check("models", verbs.models.models())["models"][0]["versions"][0]["run_name"] == "one"


def test_answers_without_a_cluster_are_as_described(project_folder: Path) -> None:
    verbs = Verbs(project_folder)
    assert check("cluster", verbs.cluster.cluster())["state"] == "down"
    assert check("jobs", verbs.cluster.jobs())["jobs"] == []
    assert check("endpoints", verbs.serving.endpoints())["gateway"]["state"] == "down"


def test_answers_about_studies_are_as_described(project_folder: Path) -> None:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    url = f"sqlite:///{project_folder / 'studies.db'}"
    study = optuna.create_study(study_name="square", storage=url)

    def objective(trial: optuna.Trial) -> float:
        x = trial.suggest_float("x", -1, 1)
        kind = trial.suggest_categorical("kind", ["a", None, True])
        trial.report(x**2, 0)
        if trial.number == 1:
            raise optuna.TrialPruned
        return float("inf") if trial.number == 2 else x**2 + (kind is None)

    study.optimize(objective, n_trials=8)
    verbs = Verbs(project_folder).studies
    (summary,) = check("studies", verbs.studies())["studies"]
    assert summary["trials"] == {"complete": 7, "pruned": 1}
    where = (storage_id(url), summary["study_id"])
    detail = check("study", verbs.study(*where))
    assert (detail["values"][0][2], detail["kinds"]["kind"]) == (None, {"choices": ["a", None, True]})
    check("study_importances", verbs.study_importances(*where))
    assert check("study_curves", verbs.study_curves(*where))["curves"][0]["points"][0][0] == 0
    check("enqueue_trial", verbs.enqueue_trial(*where, {"x": 0.5}))
