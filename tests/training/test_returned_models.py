"""Returned models are logged with the run as MLflow models."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.support.cells import finished, run_cell, wait_until
from workbench.api.project import current_project

pytestmark = [pytest.mark.timeout(240), pytest.mark.usefixtures("cluster")]


@pytest.mark.parametrize("kind", ["torch", "sklearn", "xgboost"])
def test_run_logs_a_returned_model_as_mlflow_model(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import mlflow

    source = {
        "torch": """
import torch
class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(3, 1)
    def forward(self, x):
        return self.layer(x)
model = Net()
""",
        "sklearn": """
import numpy as np
from sklearn.base import BaseEstimator
from sklearn.pipeline import make_pipeline
from sklearn.linear_model import Ridge
class Twice(BaseEstimator):
    def fit(self, X, y=None):
        return self
    def transform(self, X):
        return 2 * X
model = make_pipeline(Twice(), Ridge()).fit(np.eye(3), np.arange(3.0))
""",
        "xgboost": """
import numpy as np
from xgboost import XGBRegressor
model = XGBRegressor(n_estimators=2).fit(np.eye(3), np.arange(3.0))
""",
    }[kind]
    run = run_cell(source + "\nscore = 0.5", returns="model,score", name=f"keeps-{kind}")
    assert finished(run)["score"] == 0.5
    project = current_project()
    client = mlflow.MlflowClient(project.settings.tracking_uri)

    def logged() -> list[Any]:
        outputs = client.get_run(run.id).outputs
        return outputs.model_outputs if outputs else []

    wait_until(lambda: logged() and client.get_logged_model(logged()[0].model_id).status.name == "READY", timeout_s=90)
    assert not run.snapshot().notes
    found = client.get_logged_model(logged()[0].model_id)
    assert found.name == "model"
    assert client.get_run(run.id).info.status == "FINISHED"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", project.settings.tracking_uri)
    model = mlflow.pyfunc.load_model(f"models:/{found.model_id}")
    assert model.predict(np.eye(3, dtype=np.float32)).shape[0] == 3
