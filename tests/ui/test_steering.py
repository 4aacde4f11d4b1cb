"""From notebook to panel and back: the form, badges, comparison, the cell's changes, run again, docked pages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import optuna
import pytest

from tests.support.lab import Lab, NotebookPage, form_dialog, notebook_with_panel, running_lab, shoot, write_notebook

pytestmark = [pytest.mark.ui, pytest.mark.timeout(300)]

CURVE = """from workbench import log
lr = {lr}
for step in range(30):
    log(loss=lr / (step + 1), epoch=step // 10, step=step)
    print("step", step)
"""
LONG = """import time
from workbench import progress
for step in progress(range(2000), label="step"):
    time.sleep(0.1)
answer = 42
"""
CELLS = [
    "%load_ext workbench",
    CURVE.format(lr=0.1),
    f"%%train second\n{CURVE.format(lr=0.2)}",
    f"%%train long\n{LONG}",
]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("notebooks")
    write_notebook(folder / "steer.ipynb", CELLS)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(study_name="elsewhere", storage=f"sqlite:///{folder / 'studies.db'}")
    study.optimize(lambda trial: trial.suggest_float("x", -1, 1) ** 2, n_trials=3)
    with running_lab(folder, tmp_path_factory.mktemp("state")) as running:
        yield running


@pytest.fixture(scope="module")
def notebook(lab: Lab) -> Iterator[NotebookPage]:
    with notebook_with_panel(lab, "steer.ipynb") as page:
        yield page


def row(page: Any, name: str) -> Any:
    return page.locator(".wb-RunsSection .wb-Run", has_text=name)


def badge(page: Any, name: str) -> Any:
    return page.locator(".wb-CellBadge:not(.lm-mod-hidden)", has_text=name)


def go_to_notebook(page: Any) -> None:
    page.locator(".lm-TabBar-tabLabel", has_text="steer.ipynb").click()


def test_cell_from_the_form_is_trained_and_wears_its_badge(notebook: NotebookPage) -> None:
    page = notebook.page
    page.locator(".jp-Notebook .jp-CodeCell").nth(1).locator(".cm-content").click()
    notebook.command("workbench:train-cell")
    form_dialog(page).get_by_label("Name", exact=True).fill("first")
    page.locator(".jp-Dialog").get_by_role("button", name="Make it a %%train cell").click()
    page.wait_for_function("() => !document.querySelector('.jp-Dialog')")
    notebook.run_cell(1)
    badge(page, "first").locator(".wb-mod-finished").wait_for(timeout=90_000)
    badge(page, "first").get_by_text("loss 0.0033").wait_for()
    notebook.run_cell(2)
    badge(page, "second").locator(".wb-mod-finished").wait_for(timeout=60_000)


def test_runs_are_compared(notebook: NotebookPage) -> None:
    page = notebook.page
    row(page, "first").click()
    row(page, "second").click(modifiers=["Control"])
    page.get_by_role("button", name="Compare", exact=True).click()
    table = page.locator(".wb-Compare-table")
    table.wait_for()
    assert table.locator("tr.wb-mod-differs", has_text="lr").locator("td").all_inner_texts() == ["0.2", "0.1"]
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save as CSV").click()
    text = Path(saved.value.path()).read_text()
    assert text.splitlines()[0] == "kind,name,second,first"
    assert "param,lr,0.2,0.1" in text
    page.get_by_role("tab", name="Curves", exact=True).last.click()
    page.locator(".wb-Chart:visible", has_text="loss").locator("canvas").wait_for()
    with page.expect_download() as picture:
        page.get_by_role("button", name="Save as PNG").click()
    assert Path(picture.value.path()).read_bytes().startswith(b"\x89PNG")
    for name in ("Parallel coordinates", "Scatter"):
        page.get_by_role("tab", name=name).click()
        page.locator(".wb-Plot:visible canvas").wait_for()
        shoot(page, f"compare-{name.split()[0].lower()}")
    page.get_by_role("button", name="Remove first").click()
    page.get_by_text("Comparing 1 run", exact=True).wait_for()


def test_curves_by_another_metric(notebook: NotebookPage) -> None:
    page = notebook.page
    row(page, "first").dblclick()
    page.locator(".wb-Curves-toolbar:visible select").select_option("metrics.epoch")
    legend = page.locator(".wb-Chart:visible", has_text="loss").locator(".u-legend .u-series").first
    legend.get_by_text("epoch").wait_for()


def test_log_is_searched(notebook: NotebookPage) -> None:
    page = notebook.page
    page.get_by_role("tab", name="Logs", exact=True).last.click()
    page.locator(".wb-Logs:visible").get_by_text("30 lines").wait_for()
    page.get_by_role("searchbox", name="Search in the log").fill("STEP 7")
    page.locator(".wb-Logs:visible").get_by_text("1 line found").wait_for()
    assert page.locator(".wb-Logs-line:visible").inner_text() == "8step 7"


def test_cell_is_compared_with_what_it_was(notebook: NotebookPage) -> None:
    page = notebook.page
    go_to_notebook(page)
    page.locator(".jp-Notebook .jp-CodeCell").nth(1).locator(".cm-line", has_text="lr = 0.1").click()
    page.keyboard.press("End")
    page.keyboard.type("5")
    row(page, "first").click()
    page.get_by_role("tab", name="Cell", exact=True).last.click()
    page.get_by_role("radio", name="Changes since").click()
    changes = page.locator(".wb-Diff-line.wb-mod-added, .wb-Diff-line.wb-mod-removed")
    changes.first.wait_for()
    assert [line.strip() for line in changes.all_inner_texts()] == ["− lr = 0.1", "+ lr = 0.15"]
    page.get_by_role("radio", name="As Python").click()
    page.locator(".wb-Cell pre", has_text="workbench.train(").wait_for()


def test_run_again_from_its_view(notebook: NotebookPage) -> None:
    page = notebook.page
    page.get_by_role("button", name="Run again").last.click()
    page.wait_for_function(
        "() => [...document.querySelectorAll('.wb-RunsSection .wb-Run-name')]"
        ".filter(node => node.textContent === 'first').length === 2"
    )
    page.locator(".wb-Head:visible .wb-Chip", has_text="finished").wait_for(timeout=60_000)


def test_reload_shows_the_live_run_below_its_cell_and_attaches_it(notebook: NotebookPage) -> None:
    page = notebook.page
    go_to_notebook(page)
    notebook.run_cell(3)
    badge(page, "long").get_by_role("progressbar").wait_for(timeout=60_000)
    notebook.command("docmanager:save")
    page.wait_for_timeout(1000)
    notebook.open("steer.ipynb")
    live = badge(page, "long")
    live.scroll_into_view_if_needed()
    live.get_by_role("progressbar").wait_for()
    shoot(page, "badge-live")
    live.get_by_role("button", name="Attach").click()
    attached = page.locator(".jp-CodeCell", has_text="%runs attach").locator(".jp-Cell-outputArea")
    attached.locator(".wb-running").wait_for(timeout=60_000)
    live.get_by_role("button", name="Stop run long").click()
    badge(page, "long").locator(".wb-mod-stopped").wait_for(timeout=60_000)
    attached.locator(".wb-stopped").wait_for()


def test_studies_of_scripts_open_in_optunas_pages(notebook: NotebookPage) -> None:
    page = notebook.page
    notebook.command("workbench:show-panel")
    page.locator(".wb-Studies .wb-Run", has_text="elsewhere").click()
    page.get_by_role("button", name="Optuna Dashboard").click()
    frame = page.frame_locator("iframe[title=elsewhere]")
    frame.get_by_text("elsewhere (id=1)").first.wait_for(timeout=60_000)
    frame.get_by_text("Hyperparameter Importance").first.wait_for()


def test_run_opens_in_mlflows_pages(notebook: NotebookPage) -> None:
    page = notebook.page
    row(page, "second").click(button="right")
    page.get_by_role("menuitem", name="Open in MLflow").click()
    page.frame_locator("iframe[title=MLflow]").get_by_text("second").first.wait_for(timeout=90_000)


def test_badges_can_be_switched_off(notebook: NotebookPage) -> None:
    page = notebook.page
    go_to_notebook(page)
    notebook.command("application:close-other-tabs")  # pages of MLflow and Optuna would be loaded again, too
    badge(page, "second").wait_for()
    setting = "jupyter-ml-workbench:workbench"
    script = """async ([id, value]) => {
        const app = window.jupyterapp;
        const registry = await app.resolveOptionalService?.(null);
        return app.serviceManager.settings.save(id, JSON.stringify({ badges: value }));
    }"""
    page.evaluate(script, [setting, False])
    notebook.reload()
    page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=60_000)
    notebook.command("workbench:show-panel")
    row(page, "second").wait_for()
    assert page.locator(".wb-CellBadge").count() == 0


def test_panel_in_the_dark_and_narrow(notebook: NotebookPage) -> None:
    page = notebook.page
    row(page, "first").first.click()
    page.wait_for_selector(".wb-Chart:visible canvas")
    page.set_viewport_size({"width": 700, "height": 800})
    notebook.command("apputils:change-theme", {"theme": "JupyterLab Dark"})
    page.wait_for_selector("body[data-jp-theme-light=false]", state="attached")
    for selector in (".wb-Panel", ".wb-RunView:visible"):
        node = page.locator(selector).first
        assert node.evaluate("(node) => node.scrollWidth <= node.clientWidth + 1"), selector
        ink, ground = node.evaluate("(n) => [getComputedStyle(n).color, getComputedStyle(n).backgroundColor]")
        assert ink != ground
    shoot(page, "dark-narrow")


def test_hidden_panel_asks_for_nothing(notebook: NotebookPage) -> None:
    page = notebook.page
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/workbench/api/" in request.url else None)
    with page.expect_request("**/workbench/api/cluster*"):  # it looks now and then while it is seen
        pass
    page.set_viewport_size({"width": 1400, "height": 900})
    notebook.command("application:activate-next-tab")
    notebook.command("filebrowser:activate")
    page.wait_for_selector(".wb-Panel", state="hidden")
    page.wait_for_timeout(500)
    asked.clear()
    page.wait_for_timeout(7000)
    assert asked == []
