"""Functions that make values again on a worker where pickle alone cannot; the pickler's reducers name them."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any


def cached(function: Callable[..., Any], parameters: dict[str, Any]) -> Any:
    """Return a function of the notebook under ``lru_cache``, with an empty cache."""
    return functools.lru_cache(**parameters)(function)


def property_cached(function: Callable[[Any], Any], name: str | None) -> Any:
    """Return a ``cached_property`` that knows the name it has in its class."""
    made = functools.cached_property(function)
    made.attrname = name
    return made


def as_tensor(array: Any, dtype: str) -> Any:
    """Return a tensor with memory of its own: a tensor over shared memory could be written to unnoticed."""
    import torch

    tensor = torch.from_numpy(array.copy())
    element_type = getattr(torch, dtype.removeprefix("torch."))
    return tensor if tensor.dtype == element_type else tensor.view(element_type)


def is_leaf_with_gradient(value: Any) -> bool:
    """Return whether a value is a plain CPU tensor that requires a gradient; torch would pickle its memory in band."""
    torch = sys.modules.get("torch")
    if torch is None or type(value) is not getattr(torch, "Tensor", None) or not value.requires_grad:
        return False
    is_plain = value.device.type == "cpu" and value.layout is torch.strided and not value.is_quantized
    return bool(is_plain and value.is_leaf and not value._backward_hooks)


def leaf_with_gradient(tensor: Any) -> Any:
    """Return a tensor that requires a gradient again."""
    return tensor.requires_grad_()
