"""Modules beside the notebook travel, however the cell gets at them."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from workbench.cell.payload import prepare


@pytest.fixture
def names(project: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """A notebook that imported from a file beside it, and from a folder of the project that is on the path."""
    (project / "beside_it.py").write_text("def f(x):\n    return x + 1\n")
    package = project / "src" / "own_package"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "part.py").write_text("class C:\n    pass\n")
    monkeypatch.syspath_prepend(str(project))
    monkeypatch.syspath_prepend(str(project / "src"))
    kind = importlib.import_module("own_package.part").C
    yield {"f": importlib.import_module("beside_it").f, "C": kind, "c": kind()}
    for name in ("beside_it", "own_package", "own_package.part"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("f(1)", {"beside_it.py"}),
        ("import beside_it", {"beside_it.py"}),
        ("C()", {"own_package/__init__.py", "own_package/part.py"}),
        ("c", {"own_package/__init__.py", "own_package/part.py"}),
        ("from own_package.part import C", {"own_package/__init__.py", "own_package/part.py"}),
        ("import json", set()),
    ],
)
def test_prepare_ships_modules(names: dict[str, Any], project: Path, source: str, expected: set[str]) -> None:
    payload = prepare(source, names, workdir=project)
    assert {module.relative for module in payload.modules} == expected
    assert str(project / "src") in payload.sys_path
