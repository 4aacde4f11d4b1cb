"""A few rows of what a model takes, found among the notebook's or the cell's own values."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

ROWS = 2
_LIKELY = ("x_test", "x_val", "x_valid", "x_train", "x", "inputs", "features", "data")
_MOST_TRIED = 8


def example_for(model: Any, namespace: Mapping[str, Any], *, or_zeros: bool = True) -> Any:
    """Rows that the model takes, as an array or DataFrame: two of those at hand, else one of zeros; None for neither.

    Only values that fit by their shape or columns are tried; for what says nothing of its input, only those that are
    called as inputs usually are (``X``, ``X_test``, …).

    Args:
        model: A fitted model with ``predict``, or a torch module.
        namespace: Where to look.
        or_zeros: Whether a row of zeros will do. It tells how many columns there are, and nothing true of their types.
    """
    candidates = _in_order(namespace)
    for value in list(_fitting(model, candidates))[:_MOST_TRIED]:
        rows = value[:ROWS]
        try:
            outputs_of(model, rows)
        except Exception:  # whatever a library raises for input that is not its own
            continue
        return rows
    return _zeros(model) if or_zeros else None


def first_rows(example: Any) -> Any:
    """As many rows of an array or table as an example has; anything else as it is."""
    has_rows = len(getattr(example, "shape", ())) > 1
    return example[:ROWS] if has_rows else example


def _zeros(model: Any) -> Any:
    """A row of zeros, where the model says how many columns it takes and takes zeros in them."""
    names, width = _columns(model)
    if not width:
        return None
    import numpy

    rows: Any = numpy.zeros((1, width))
    try:
        if names:
            import pandas

            rows = pandas.DataFrame(rows, columns=list(names))
        outputs_of(model, rows)
    except Exception:  # it takes text, or has not been fitted
        return None
    return rows


def outputs_of(model: Any, rows: Any) -> Any:
    """What the model says to these rows, as an array or what its ``predict`` gives."""
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(model, torch.nn.Module):
        was_training = model.training
        model.eval()
        try:
            with torch.inference_mode():
                device = next((parameter.device for parameter in model.parameters()), None)
                return model(torch.as_tensor(rows, device=device)).cpu().numpy()
        finally:
            model.train(was_training)
    if type(model).__name__ == "Booster" and type(model).__module__.startswith("xgboost"):
        import xgboost

        return model.predict(xgboost.DMatrix(rows))
    return model.predict(rows)


def as_plain(rows: Any) -> Any:
    """A torch tensor as an array; anything else as it is."""
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(rows, torch.Tensor):
        return rows.detach().cpu().numpy()
    return rows


def _in_order(namespace: Mapping[str, Any]) -> list[tuple[str, Any]]:
    def rank(name: str) -> int:
        return _LIKELY.index(name.lower()) if name.lower() in _LIKELY else len(_LIKELY)

    named = [(name, value) for name, value in namespace.items() if not name.startswith("_")]
    return sorted(named, key=lambda item: rank(item[0]))


def _fitting(model: Any, candidates: Iterable[tuple[str, Any]]) -> Iterator[Any]:
    names, width = _columns(model)
    module_width = None if names or width else _first_width(model)
    for name, value in candidates:
        try:
            shape = tuple(value.shape)
        except (AttributeError, TypeError):
            continue
        if len(shape) < 2 or not shape[0]:
            continue
        if names and hasattr(value, "columns"):
            if set(names) <= {str(column) for column in value.columns}:
                yield value[list(names)]
        elif width is not None:
            if len(shape) == 2 and shape[1] == width:
                yield value
        elif module_width is not None:
            if module_width in (shape[-1], shape[1]) and _is_float(value):
                yield as_plain(value)
        elif name.lower() in _LIKELY:
            yield value


def _columns(model: Any) -> tuple[tuple[str, ...], int | None]:
    """The names of the model's input columns, and how many they are, where it says so."""
    names = getattr(model, "feature_names_in_", None)
    if names is not None:
        return tuple(str(name) for name in names), len(names)
    width = getattr(model, "n_features_in_", None)
    if width is not None:
        return (), int(width)
    if hasattr(model, "num_features") and hasattr(model, "feature_names"):  # XGBoost's Booster
        return tuple(model.feature_names or ()), int(model.num_features())
    return (), None


def _first_width(model: Any) -> int | None:
    """What a torch module's first layer takes: features or channels."""
    parameters = getattr(model, "parameters", None)
    if not callable(parameters):
        return None
    for parameter in parameters():
        if len(parameter.shape) >= 2:
            return int(parameter.shape[1])
    return None


def _is_float(value: Any) -> bool:
    return "float" in str(getattr(value, "dtype", ""))
