"""Stands in for the package of the same name until someone validates an IRI with it.

JupyterLab brings ``rfc3987_syntax`` along, ``jsonschema`` imports it when it is there, and ``ray``
imports ``jsonschema``: so every Ray process compiles a grammar that nobody uses, for 1.1 s here,
more than all the rest of ``import ray``. This folder is put first on the import path of a
cluster's processes; the real package takes this module's place at its first use.
"""

import functools
import importlib.util
import sys
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

_HERE = Path(__file__).resolve().parent


def _find() -> ModuleSpec:
    path = [folder for folder in sys.path if Path(folder or ".").resolve() != _HERE]
    spec = PathFinder.find_spec("rfc3987_syntax", path)
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError("No module named 'rfc3987_syntax'", name="rfc3987_syntax")
    return spec


@functools.cache
def _real() -> ModuleType:
    spec = _find()
    module = importlib.util.module_from_spec(spec)
    stand_in = sys.modules["rfc3987_syntax"]
    sys.modules["rfc3987_syntax"] = module
    try:
        assert spec.loader is not None
        spec.loader.exec_module(module)
    except BaseException:
        sys.modules["rfc3987_syntax"] = stand_in
        raise
    return module


def is_valid_syntax(*args: Any, **kwargs: Any) -> Any:
    """The real package's function, which is what ``jsonschema`` takes from it."""
    return _real().is_valid_syntax(*args, **kwargs)


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    return getattr(_real(), name)


_find()  # where the real package is missing, this one is missing too
