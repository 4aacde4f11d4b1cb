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
        for what, place in (("notebook", ".jp-Notebook"), ("panel", ".wb-Panel")):
            texts = page.page.locator(place).all_inner_texts()
            report.sections.append((f"what the {what} showed", "\n".join(texts)[-3000:]))
    return report


@pytest.fixture
def jp_asyncio_loop() -> None:
    """pytest-jupyter gives every test an event loop and closes it; Playwright has one of its own that runs."""


@pytest.fixture
def jp_server_cleanup() -> None:
    """These tests run Jupyter Server as a process of its own: there is none in this process to clean up."""
