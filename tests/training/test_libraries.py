"""Cells as people write them for the libraries of the field: each runs unchanged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from workbench.api.train import train_cell
from workbench.options.run import check_options
from workbench.records.runs import RunState

pytestmark = pytest.mark.timeout(300)

DDP = """
import os
import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel
torch.manual_seed(int(os.environ["RANK"]))
model = torch.nn.Linear(4, 1)
ddp = DistributedDataParallel(model)
optimizer = torch.optim.SGD(ddp.parameters(), lr=0.1)
for _ in range(3):
    loss = ddp(torch.randn(8, 4)).square().mean()
    optimizer.zero_grad(); loss.backward(); optimizer.step()
weights = [torch.zeros_like(model.weight) for _ in range(2)]
dist.all_gather(weights, model.weight.detach())
answer = bool(torch.equal(weights[0], weights[1]))
"""
FSDP = """
import torch
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
mesh = init_device_mesh("cpu", (2,))
model = torch.nn.Sequential(torch.nn.Linear(16, 16), torch.nn.ReLU(), torch.nn.Linear(16, 1))
fully_shard(model, mesh=mesh)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
loss = model(torch.randn(8, 16)).square().mean()
loss.backward(); optimizer.step()
answer = bool(torch.isfinite(loss))
"""
ACCELERATE = """
import torch
from accelerate import Accelerator
accelerator = Accelerator(cpu=True)
model = torch.nn.Linear(4, 1)
model, optimizer = accelerator.prepare(model, torch.optim.SGD(model.parameters(), lr=0.1))
loss = model(torch.randn(8, 4)).square().mean()
accelerator.backward(loss); optimizer.step()
answer = accelerator.num_processes == 2
"""
LIGHTNING = """
import lightning as L
import torch
from torch.utils.data import DataLoader, TensorDataset

class Module(L.LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 1)
    def training_step(self, batch, index):
        return self.layer(batch[0]).square().mean()
    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)

trainer = L.Trainer(max_epochs=1, accelerator="cpu", devices=2, strategy="ddp", logger=False,
                    enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False)
trainer.fit(Module(), DataLoader(TensorDataset(torch.randn(32, 4)), batch_size=4))
answer = trainer.world_size == 2 and trainer.global_step == 4
"""
SKLEARN = """
import sys
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
X, y = load_iris(return_X_y=True)
answer = LogisticRegression(max_iter=500).fit(X, y).score(X, y) > 0.9 and "torch" not in sys.modules
"""
XGBOOST = """
import sys
import numpy as np
import xgboost
X = np.random.default_rng(0).random((200, 3))
booster = xgboost.train({"max_depth": 2}, xgboost.DMatrix(X, label=X[:, 0]), num_boost_round=5)
answer = abs(float(booster.predict(xgboost.DMatrix(X)).mean()) - 0.5) < 0.2 and "torch" not in sys.modules
"""
NUMPY = """
import sys
import numpy as np
w = np.zeros(3)
for _ in range(10): w -= 0.1 * (w - 1)
answer = bool((w > 0.5).all()) and "torch" not in sys.modules
"""
AUTOLOG = """
import mlflow
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
mlflow.sklearn.autolog(log_models=False, log_datasets=False)
X, y = load_iris(return_X_y=True)
LogisticRegression(max_iter=500).fit(X, y)
answer = True
"""


def run(source: str, workers: int) -> Any:
    options = check_options(workers=workers, returns="answer")
    handle = train_cell(source, {}, options, filename="Cell In[1]", line_offset=1)
    assert handle.wait(240) is RunState.FINISHED, handle.failure
    return handle


@pytest.mark.parametrize(
    ("source", "workers"),
    [(DDP, 2), (FSDP, 2), (ACCELERATE, 2), (LIGHTNING, 2), (SKLEARN, 1), (XGBOOST, 1), (NUMPY, 1)],
    ids=["ddp", "fsdp", "accelerate", "lightning", "scikit-learn", "xgboost", "numpy"],
)
def test_library_cell_runs_unchanged(cluster: Path, source: str, workers: int) -> None:
    assert run(source, workers).returned() == {"answer": True}


def test_library_autologging_lands_on_the_run(cluster: Path) -> None:
    from workbench.api.project import current_project

    handle = run(AUTOLOG, 1)
    record = current_project().store.get(handle.id)
    assert "training_score" in record.metrics
    assert record.params["max_iter"] == "500"
