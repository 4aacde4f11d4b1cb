"""Says what the browser showed when one of its tests failed."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    report = yield
    page = getattr(item, "funcargs", {}).get("notebook")
    if report.when == "call" and report.failed and page is not None:
        report.sections.append(("what the notebook showed", page.page.locator(".jp-Notebook").inner_text()[-3000:]))
    return report


@pytest.fixture
def jp_asyncio_loop() -> None:
    """pytest-jupyter gives every test an event loop and closes it; Playwright has one of its own that runs."""


@pytest.fixture
def jp_server_cleanup() -> None:
    """These tests run Jupyter Server as a process of its own: there is none in this process to clean up."""
