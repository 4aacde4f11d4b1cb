"""Tests in a browser: of the panel as its source is now, and with what it showed when one failed."""

from __future__ import annotations

import subprocess
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from tests.support.lab import shoot

_BUILT = "server_ext/workbench_server/labextension/package.json"


@pytest.fixture(scope="session", autouse=True)
def panel_is_built() -> None:
    root = Path(__file__).parents[2]
    if subprocess.run(["make", "--question", "--silent", _BUILT], cwd=root, check=False).returncode:
        pytest.fail(f"The panel is not built of its source as it is now: make {_BUILT}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    report = yield
    page = getattr(item, "funcargs", {}).get("notebook")
    if report.when == "call" and report.failed and page is not None:
        for what, place in (("notebook", ".jp-Notebook"), ("panel", ".wb-Panel")):
            texts = page.page.locator(place).all_inner_texts()
            report.sections.append((f"what the {what} showed", "\n".join(texts)[-3000:]))
        shoot(page.page, f"failed-{item.name}")
    return report


@pytest.fixture
def jp_asyncio_loop() -> None:
    """pytest-jupyter gives every test an event loop and closes it; Playwright has one of its own that runs."""


@pytest.fixture
def jp_server_cleanup() -> None:
    """These tests run Jupyter Server as a process of its own: there is none in this process to clean up."""
