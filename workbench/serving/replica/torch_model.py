"""torch and Lightning models: arrays in, arrays out, without gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from workbench.errors import WorkbenchError
from workbench.records.endpoint_snapshot import ModelSchema


def load_torch(folder: str, schema: ModelSchema, gpus: float) -> Callable[[Any, dict[str, Any] | None], Any]:
    """Return the predict function of a model in MLflow's torch flavor.

    Args:
        folder: The folder with the model's files.
        schema: The model's schema, for the dtypes.
        gpus: The replica's GPUs; with more than 0 the model goes to the first one.

    Raises:
        WorkbenchError: There should be a GPU and torch finds none.
    """
    import mlflow.pytorch
    import torch

    if gpus > 0 and not torch.cuda.is_available():
        raise WorkbenchError(f"Cannot load the model: gpus is {gpus:g} and torch finds no GPU. Publish it without.")
    device = torch.device("cuda" if gpus > 0 else "cpu")
    # A pt2 archive fixes the device of its tensors, and is in evaluation mode already.
    model = mlflow.pytorch.load_model(folder, device=str(device))
    forward = _forward(model)
    weight = next((p for p in model.parameters() if p.is_floating_point()), None)
    default = weight.dtype if weight is not None else torch.float32
    dtypes = [each["dtype"] for each in schema["outputs"] or ()]
    is_typed = bool(schema["inputs"]) and not schema["is_columns"]

    def tensor(array: Any) -> Any:
        array = np.ascontiguousarray(array)
        # torch warns about read-only arrays, such as those of a request's bytes.
        found = torch.from_numpy(array if array.flags.writeable else array.copy())
        if not is_typed and found.is_floating_point():
            found = found.to(default)
        return found.to(device)

    def predict(batch: Any, params: dict[str, Any] | None) -> Any:
        with torch.inference_mode():
            if isinstance(batch, dict):
                return _arrays(forward(**{name: tensor(array) for name, array in batch.items()}), dtypes)
            if hasattr(batch, "iloc"):
                batch = batch.to_numpy(dtype=np.float32)
            return _arrays(forward(tensor(batch)), dtypes)

    return predict


def _forward(model: Any) -> Callable[..., Any]:
    """Return ``forward``; a Lightning module's ``predict_step`` where that is all it has."""
    step = getattr(type(model), "predict_step", None)
    own = type(model).forward
    if step is not None and own.__module__.startswith(("torch.", "lightning.", "pytorch_lightning.")):
        return lambda batch: model.predict_step(batch, 0)
    return model  # type: ignore[no-any-return]


def _arrays(value: Any, dtypes: list[str]) -> Any:
    if isinstance(value, dict):
        return {name: _arrays(item, []) for name, item in value.items()}
    if isinstance(value, list | tuple):
        made = [_arrays(item, dtypes[at : at + 1]) for at, item in enumerate(value)]
        return {f"output_{at}": item for at, item in enumerate(made)}
    if not hasattr(value, "detach"):
        return value
    value = value.detach()
    if str(value.dtype) == "torch.bfloat16":  # NumPy has none
        value = value.float()
    array = value.cpu().numpy()
    return array.astype(dtypes[0], copy=False) if len(dtypes) == 1 and dtypes[0] not in ("object", "str") else array
