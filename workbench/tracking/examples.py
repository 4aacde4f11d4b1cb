"""Example input of a model, found among the values of the notebook or the cell."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

ROWS = 2
_LIKELY = ("x_test", "x_val", "x_valid", "x_train", "x", "inputs", "features", "data")
_MOST_TRIED = 8


def example_for(model: Any, namespace: Mapping[str, Any], *, or_zeros: bool = True) -> Any:
    """Return rows that the model takes.

    Only values that fit by their shape or columns are tried. For a model that tells nothing of its input, those are
    tried that have a usual name of inputs (``X``, ``X_test``, …).

    Args:
        model: A fitted model with ``predict``, or a torch module.
        namespace: Values to choose from, by name.
        or_zeros: Whether a row of zeros is an answer. It has the right number of columns, and nothing true of their
            types.

    Returns:
        Two rows of a value, as an array or DataFrame of shape ``(2, …)``; or zeros of shape ``(1, columns)``; None
        where neither fits.
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
    """Return as many rows of an array or table as an example has; anything else as it is."""
    has_rows = len(getattr(example, "shape", ())) > 1
    return example[:ROWS] if has_rows else example


def _zeros(model: Any) -> Any:
    """Return a row of zeros, None where the model does not tell its number of columns or does not take zeros."""
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
    """Return the model's output for these rows, as an array or as its ``predict`` returns it."""
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
    """Return a torch tensor as an array; anything else as it is."""
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
        elif _fits(name, value, shape, width, module_width):
            yield value if module_width is None else as_plain(value)


def _fits(name: str, value: Any, shape: tuple[int, ...], width: int | None, module_width: int | None) -> bool:
    if width is not None:
        return len(shape) == 2 and shape[1] == width
    if module_width is not None:
        return module_width in (shape[-1], shape[1]) and _is_float(value)
    return name.lower() in _LIKELY


def _columns(model: Any) -> tuple[tuple[str, ...], int | None]:
    """Return the names and the number of the model's input columns, where it tells them."""
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
    """Return the number of features or channels that a torch module's first layer takes."""
    parameters = getattr(model, "parameters", None)
    if not callable(parameters):
        return None
    for parameter in parameters():
        if len(parameter.shape) >= 2:
            return int(parameter.shape[1])
    return None


def _is_float(value: Any) -> bool:
    return "float" in str(getattr(value, "dtype", ""))
