"""The pre-flight sheet."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest

from workbench.cell.modules import note_imports
from workbench.cell.payload import prepare
from workbench.cell.preflight import sheet
from workbench.display.preflight import preflight_html, preflight_text
from workbench.records.runs import ClusterFacts


def test_sheet_lists_what_leaves_and_what_is_there() -> None:
    names = {"X": np.ones(300_000), "Y": np.zeros(300_000), "np": np, "k": 3}
    payload = prepare("print(X, Y, np.pi, k)", names)
    held = {value.fingerprint.digest for value in payload.shared if value.names == ("Y",)}
    made = sheet(payload, ClusterFacts("3.99.0", {"numpy": "0.1"}), held)
    travels = {row.name: row.travels for row in made.rows}
    assert travels == {"X": "sent", "Y": "already there", "np": "by import", "k": "sent"}
    assert 2_400_000 <= made.send_bytes < 2_500_000
    assert any("Python 3.99.0" in problem.what for problem in made.problems)
    assert any("--pip numpy==" in problem.fix for problem in made.problems)
    assert "already there" in preflight_text(made)
    assert "<table>" in preflight_html(made)
    assert not made.is_large


def test_sheet_reports_an_edited_module(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = project / "edited_module.py"
    path.write_text("value = 1\n")
    monkeypatch.syspath_prepend(str(project))
    import edited_module  # type: ignore[import-not-found]

    note_imports([project])
    path.write_text("value = 2\n")
    os.utime(path, (path.stat().st_atime, path.stat().st_mtime + 5))
    payload = prepare("edited_module.value", {"edited_module": edited_module}, workdir=project)
    sys.modules.pop("edited_module")
    assert [problem.fix for problem in sheet(payload, None, set()).problems] == [
        "To use it here too: importlib.reload(edited_module)"
    ]
