"""The sidebar and the run view in a real JupyterLab, beside a notebook that trains."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.lab import Lab, NotebookPage, form_dialog, notebook_with_panel, running_lab, shoot, write_notebook

pytestmark = [pytest.mark.ui, pytest.mark.timeout(300)]

CELLS = [
    "%load_ext workbench",
    "%%train curve --workers 2\nimport time\nfrom workbench import log, progress\n"
    "for i in progress(range(100), label='step'):\n    log(loss=1 / (i + 1))\n    print('\\x1b[31mline\\x1b[0m', i)\n"
    "    time.sleep(0.1)",
    "x = 1",
    "%%train endless\nimport time\nwhile True: time.sleep(0.1)",
]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("notebooks")
    write_notebook(folder / "panel.ipynb", CELLS)
    with running_lab(folder, tmp_path_factory.mktemp("state")) as running:
        yield running


@pytest.fixture(scope="module")
def notebook(lab: Lab) -> Iterator[NotebookPage]:
    with notebook_with_panel(lab, "panel.ipynb") as page:
        yield page


def row(page: Any, name: str) -> Any:
    return page.locator(".wb-Run", has_text=name)


def test_panel_lists_a_run_that_the_notebook_starts(notebook: NotebookPage) -> None:
    page = notebook.page
    notebook.run_cell(1)
    row(page, "curve").wait_for()
    page.locator(".wb-Cluster-going", has_text="curve").wait_for()
    page.locator(".wb-Meter", has_text="CPU").wait_for()
    page.locator(".jp-StatusBar-Widget", has_text="1 run").wait_for()
    shoot(page, "panel-live")


def test_run_view_draws_live_curves_and_logs(notebook: NotebookPage) -> None:
    page = notebook.page
    row(page, "curve").click()
    page.wait_for_selector(".wb-RunView .wb-Chart canvas")
    page.get_by_role("tab", name="Logs", exact=True).click()
    page.locator(".wb-Logs-line", has_text="line 1").first.wait_for()
    page.locator(".wb-Logs-line .ansi-red-fg", has_text="line").first.wait_for()
    page.get_by_role("combobox", name="Rank").select_option("1")
    page.locator(".wb-Logs-line", has_text="line 1").first.wait_for()
    page.locator(".wb-Head .wb-Chip", has_text="finished").wait_for(timeout=60_000)
    row(page, "curve").locator(".wb-mod-finished").wait_for()
    page.get_by_role("tab", name="Curves", exact=True).click()
    page.wait_for_selector(".wb-Chart canvas")
    shoot(page, "run-view")


def test_run_view_shows_the_cell_and_goes_to_it(notebook: NotebookPage) -> None:
    page = notebook.page
    page.get_by_role("tab", name="Cell", exact=True).click()
    page.locator(".wb-Cell pre", has_text="log(loss=1 / (i + 1))").wait_for()
    page.get_by_role("tab", name="Files", exact=True).click()
    page.locator(".wb-Files-list", has_text="lineage/requirements.txt").wait_for()
    page.get_by_role("button", name="Go to its cell").click()
    page.wait_for_selector(".jp-CodeCell.wb-mod-flash")


def test_run_view_comes_back_after_a_reload(notebook: NotebookPage) -> None:
    page = notebook.page
    state = page.get_by_role("combobox", name="State")
    state.select_option("finished")
    notebook.reload()
    page.get_by_role("tab", name="curve").wait_for(timeout=60_000)
    notebook.command("workbench:show-panel")
    page.wait_for_function("() => document.querySelector('select[aria-label=State]')?.value === 'finished'")
    state.select_option("")


def test_run_is_stopped_and_deleted_from_the_panel(notebook: NotebookPage) -> None:
    page = notebook.page
    notebook.open("panel.ipynb")
    notebook.command("workbench:show-panel")
    notebook.run_cell(0)
    notebook.run_cell(3)
    row(page, "endless").locator(".wb-mod-running").wait_for()
    row(page, "endless").click()
    page.locator(".wb-Head").get_by_role("button", name="Stop").click()
    page.locator(".wb-Head .wb-Chip", has_text="stopped").wait_for()
    page.locator(".wb-Runs-bar").get_by_role("button", name="Delete").click()
    page.locator(".jp-Dialog").get_by_role("button", name="Delete").click()
    row(page, "endless").wait_for(state="detached")


def test_sections_are_as_high_as_what_they_show_until_they_are_moved(notebook: NotebookPage) -> None:
    page = notebook.page

    def heights() -> list[float]:
        boxes = [page.locator(f".wb-{name}Section").bounding_box() for name in ("Runs", "Studies", "Endpoints")]
        return [box["height"] for box in boxes]

    page.wait_for_selector(".wb-ClusterSection :text('Nothing is running')")  # what ran is gone: no height changes
    page.wait_for_timeout(1000)
    runs, studies, endpoints = heights()
    assert studies < 120 < endpoints < 200 < runs
    title = page.locator(".lm-AccordionPanel-title", has_text="Sweeps").bounding_box()
    border = title["x"] + 100, title["y"] - 2
    page.mouse.move(*border)
    page.mouse.down()
    page.mouse.move(border[0], border[1] - 60, steps=5)
    page.mouse.up()
    assert heights()[:2] == pytest.approx([runs - 60, studies + 60], abs=3)
    notebook.reload()
    page.wait_for_selector(".wb-RunsSection .wb-Run", timeout=60_000)
    page.wait_for_timeout(1000)
    assert heights()[:2] == pytest.approx([runs - 60, studies + 60], abs=12)
    title = page.locator(".lm-AccordionPanel-title", has_text="Sweeps").bounding_box()
    page.mouse.dblclick(title["x"] + 100, title["y"] - 2)
    page.wait_for_timeout(1000)
    assert heights() == pytest.approx([runs, studies, endpoints], abs=12)


def test_form_makes_a_train_cell(notebook: NotebookPage) -> None:
    page = notebook.page
    page.locator(".lm-TabBar-tabLabel", has_text="panel.ipynb").click()
    cell = page.locator(".jp-Notebook .jp-CodeCell").nth(2)
    cell.locator(".cm-content").click()
    notebook.command("workbench:train-cell")
    form = form_dialog(page)
    form.get_by_label("Name", exact=True).fill("made")
    form.get_by_label("Workers").fill("2")
    form.get_by_label("Names that come back").fill("x, y")
    shoot(page, "form")
    page.locator(".jp-Dialog").get_by_role("button", name="Make it a %%train cell").click()
    cell.locator(".cm-line", has_text="%%train made --workers 2 --returns x,y").wait_for()
    assert "x = 1" in cell.locator(".cm-content").inner_text()
    notebook.command("workbench:train-cell")
    page.locator(".jp-Dialog").get_by_role("button", name="Make it a plain cell").click()
    page.wait_for_function(
        "() => !document.querySelectorAll('.jp-Notebook .jp-CodeCell')[2].innerText.includes('%%train')"
    )


def test_panel_tells_that_the_cluster_is_gone_and_starts_it_again(notebook: NotebookPage) -> None:
    from workbench.cluster import local

    page = notebook.page
    local.stop()
    panel = page.locator(".wb-ClusterSection")
    panel.get_by_text("No cluster is running").wait_for(timeout=60_000)
    panel.get_by_role("button", name="Start").click()
    panel.get_by_text("This machine").wait_for(timeout=90_000)
    shoot(page, "panel-again")
