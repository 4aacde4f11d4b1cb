"""The magics in a real JupyterLab, as a new user meets them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import nbformat
import pytest

from tests.support.lab import Lab, NotebookPage, browser, running_lab, shoot, write_notebook
from tests.support.waiting import until

pytestmark = [pytest.mark.ui, pytest.mark.timeout(300)]

CELLS = [
    "%load_ext workbench",
    "%%train loop --returns answer\nimport time\nfrom workbench import log, progress\n"
    "for i in progress(range(40), label='step'):\n    log(loss=1 / (i + 1), acc=i / 40)\n    time.sleep(0.1)\n"
    "print('the end')\nanswer = 42",
    "answer + 1",
    "%%train forever\nimport time\nprint('on and on')\nwhile True: time.sleep(0.1)",
    "%runs",
    "%%train broken\ndef f(x):\n    return 1 / x\nf(0)",
    "%runs attach forever",
    "%%train many\nfor i in range(100_000): print('line', i)",
]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("notebooks")
    write_notebook(folder / "trial.ipynb", CELLS)
    with running_lab(folder, tmp_path_factory.mktemp("state")) as running:
        yield running


@pytest.fixture(scope="module")
def notebook(lab: Lab) -> Iterator[NotebookPage]:
    with browser() as chrome:
        page = NotebookPage(chrome.new_page(viewport={"width": 1200, "height": 900}), lab)
        page.page.set_default_timeout(15_000)
        page.open("trial.ipynb")
        page.run_cell(0)
        page.wait_for_kernel()
        yield page


def test_notebook_run_is_live_and_its_value_comes_back(notebook: NotebookPage) -> None:
    cell = notebook.output(1)
    notebook.run_cell(1)
    cell.locator(".wb-running").wait_for(timeout=60_000)
    cell.locator("[role=progressbar]").wait_for(timeout=20_000)
    cell.locator("button:has-text('Stop')").wait_for()
    shoot(notebook.page, "running")
    notebook.run_cell(2)  # reads a name that is still to come
    notebook.output(2).locator("text=Waiting for 'answer'").wait_for(timeout=10_000)
    cell.locator(".wb-finished").wait_for(timeout=60_000)
    cell.locator("text=the end").wait_for(timeout=10_000)
    notebook.output(2).locator("text=43").wait_for(timeout=10_000)
    assert cell.locator("svg.wb-curve").count() == 2
    assert cell.locator("button:has-text('Stop')").count() == 0
    shoot(notebook.page, "finished")


def test_notebook_stop_button_and_reattach_after_restart(notebook: NotebookPage) -> None:
    cell = notebook.output(3)
    notebook.run_cell(3)
    cell.locator("text=on and on").wait_for(timeout=60_000)
    notebook.command("kernelmenu:restart")
    dialog = notebook.page.locator(".jp-Dialog button.jp-mod-accept")
    dialog.wait_for()
    dialog.click()
    notebook.page.wait_for_function("() => !document.querySelector('.jp-Dialog')")
    notebook.wait_for_kernel()
    notebook.run_cell(0)
    notebook.wait_for_kernel()
    notebook.run_cell(4)
    notebook.output(4).locator("tr:has-text('forever') .wb-running").wait_for(timeout=30_000)
    notebook.run_cell(6)
    again = notebook.output(6)
    again.locator(".wb-running").wait_for(timeout=30_000)
    again.locator("text=on and on").wait_for(timeout=10_000)
    shoot(notebook.page, "attached")
    again.locator("button:has-text('Stop')").click()
    again.locator(".wb-stopped").wait_for(timeout=30_000)
    again.locator("text=stopped by the Stop button").wait_for()
    shoot(notebook.page, "stopped")


def test_notebook_error_shows_the_cells_own_lines(notebook: NotebookPage) -> None:
    notebook.run_cell(5)
    cell = notebook.output(5)
    cell.locator(".wb-failed").wait_for(timeout=60_000)
    trace = cell.locator("pre.wb-trace").inner_text()
    assert "line 4, in <module>\n    f(0)" in trace
    assert "ZeroDivisionError: division by zero" in trace
    shoot(notebook.page, "failed")


def test_notebook_100_000_lines_neither_freeze_nor_bloat(notebook: NotebookPage, lab: Lab) -> None:
    notebook.run_cell(7)
    cell = notebook.output(7)
    cell.locator(".wb-finished").wait_for(timeout=60_000)
    cell.locator("text=100,000 lines in all").wait_for(timeout=10_000)
    shoot(notebook.page, "lines")
    notebook.command("docmanager:save")
    path = lab.folder / "trial.ipynb"
    until(lambda: "100,000 lines in all" in path.read_text(), timeout_s=20.0)
    assert path.stat().st_size < 400_000


def test_notebook_saved_view_tells_the_result_without_a_kernel(notebook: NotebookPage, lab: Lab) -> None:
    saved = nbformat.read(lab.folder / "trial.ipynb", as_version=4)
    bundles = [output.data for output in saved.cells[1].outputs if output.output_type == "display_data"]
    assert [sorted(bundle) for bundle in bundles] == [["text/html", "text/plain"]]
    assert "finished" in bundles[0]["text/html"]
    assert "loss" in bundles[0]["text/plain"]


def test_notebook_dark_and_narrow(notebook: NotebookPage) -> None:
    notebook.command("apputils:change-theme", {"theme": "JupyterLab Dark"})
    notebook.page.wait_for_selector("body[data-jp-theme-light=false]", state="attached")
    notebook.page.set_viewport_size({"width": 620, "height": 900})
    card: Any = notebook.output(5).locator(".wb-card")
    card.scroll_into_view_if_needed()
    ink, ground = card.evaluate("(node) => [getComputedStyle(node).color, getComputedStyle(node).backgroundColor]")
    assert ink != ground
    assert card.evaluate("(node) => node.scrollWidth <= node.clientWidth + 1")
    shoot(notebook.page, "dark-narrow")
