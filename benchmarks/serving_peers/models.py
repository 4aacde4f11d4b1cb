"""The two models that every server loads: scikit-learn on the digits, and a small torch MLP."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np

KINDS = ("digits", "mlp")
ASKED = 200
FLAVORS = {"digits": "sklearn", "mlp": "pytorch"}


def train(kind: str) -> Any:
    """A model fitted to the digits: pixels of 0..1, classes for ``digits`` and ten logits for ``mlp``."""
    from sklearn.datasets import load_digits

    pixels, labels = load_digits(return_X_y=True)
    if kind == "digits":
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        return make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)).fit(pixels / 16, labels)
    import torch

    torch.manual_seed(0)
    model, x, y = _mlp(), torch.tensor(pixels / 16, dtype=torch.float32), torch.tensor(labels)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(60):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
    return model.eval()


def example(kind: str, count: int = ASKED) -> np.ndarray:
    """The first digits, as the model takes them."""
    from sklearn.datasets import load_digits

    rows = load_digits().data[:count] / 16
    return rows if kind == "digits" else rows.astype(np.float32)


def predictions(kind: str, model: Any, rows: np.ndarray) -> list[Any]:
    """What the model itself answers."""
    if kind == "digits":
        return model.predict(rows).tolist()
    import torch

    with torch.inference_mode():
        return model(torch.from_numpy(rows)).tolist()


def make(folder: Path) -> dict[str, Any]:
    """Train both models and save them for all servers: plainly, and as MLflow's; the models by kind.

    Next to them ``KIND.json`` keeps the requests' bodies and the answers that are right.
    """
    import mlflow

    models = {kind: train(kind) for kind in KINDS}
    for kind, model in models.items():
        rows = example(kind)
        answers = predictions(kind, model, rows)
        signature = mlflow.models.infer_signature(rows, np.array(answers))
        flavor = getattr(mlflow, FLAVORS[kind])
        flavor.save_model(model, folder / f"{kind}-mlflow", signature=signature, input_example=rows[:2])
        bodies = [json.dumps({"inputs": [row.tolist()]}) for row in rows]
        (folder / f"{kind}.json").write_text(json.dumps({"bodies": bodies, "answers": [[one] for one in answers]}))
    joblib.dump(models["digits"], folder / "digits.joblib")
    import torch

    torch.save(models["mlp"].state_dict(), folder / "mlp.pt")
    return models


def load(kind: str, folder: Path) -> Callable[[Any], list[Any]]:
    """A function from rows to predictions, with the saved model loaded."""
    if kind == "digits":
        model = joblib.load(folder / "digits.joblib")
        return lambda rows: model.predict(np.asarray(rows)).tolist()
    import torch

    network = _mlp()
    network.load_state_dict(torch.load(folder / "mlp.pt"))
    network.eval()

    def answer(rows: Any) -> list[Any]:
        with torch.inference_mode():
            return network(torch.as_tensor(rows, dtype=torch.float32)).tolist()

    return answer


def _mlp() -> Any:
    import torch

    return torch.nn.Sequential(torch.nn.Linear(64, 128), torch.nn.ReLU(), torch.nn.Linear(128, 10))
