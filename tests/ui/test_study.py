"""A sweep from its cell to the Study view: live, steered, its best values back in the cell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import optuna
import pytest

from tests.support.lab import Lab, NotebookPage, form_dialog, notebook_with_panel, running_lab, shoot, write_notebook

pytestmark = [pytest.mark.ui, pytest.mark.timeout(300)]

CELLS = [
    "%load_ext workbench\nimport time, math",
    """%%sweep curve --space "lr=log(1e-4,1) depth=int(1,8) kind=['a','b']" --goal "min loss" --trials 16 \\
--parallel 2 --pruner median --sampler random --seed 3 --returns best_params
from workbench import log
lr, depth = 0.01, 3  # to be swept
kind = 'a'
for step in range(8):
    log(loss=abs(math.log10(lr) + 2) + depth / 10 + (kind == 'b') + 1 / (step + 1), step=step)
    time.sleep(0.15)
""".replace("\\\n", ""),
    """%%sweep slow --space "x=float(0,1)" --goal "min loss" --trials 6 --parallel 1
from workbench import log
for step in range(400):
    log(loss=x + 1 / (step + 1), step=step)
    time.sleep(0.1)
""",
    """%%sweep two --space "x=float(0,1)" --goal "min a, max b" --trials 12
a, b = x ** 2, 1 - (x - 0.7) ** 2
""",
]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("notebooks")
    write_notebook(folder / "sweep.ipynb", CELLS)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(study_name="thousands", storage=f"sqlite:///{folder / 'studies.db'}")
    space = {"x": optuna.distributions.FloatDistribution(-1, 1), "y": optuna.distributions.FloatDistribution(-1, 1)}
    study.add_trials(
        [
            optuna.create_trial(
                params={"x": i / 1500 - 1, "y": (i * 7919 % 3000) / 1500 - 1}, distributions=space, value=i / 10
            )
            for i in range(3000)
        ]
    )
    with running_lab(folder, tmp_path_factory.mktemp("state")) as running:
        yield running


@pytest.fixture(scope="module")
def notebook(lab: Lab) -> Iterator[NotebookPage]:
    with notebook_with_panel(lab, "sweep.ipynb") as page:
        yield page


def study_row(page: Any, name: str) -> Any:
    return page.locator(".wb-Studies .wb-Run", has_text=name)


def view(page: Any) -> Any:
    return page.locator(".wb-StudyView:visible")


def open_tab(page: Any, name: str) -> None:
    view(page).get_by_role("tab", name=name).click()


def wait_for_drawn(page: Any) -> None:
    """Wait until the plot has pixels other than its ground's."""
    page.wait_for_function(
        """() => [...document.querySelectorAll('.wb-StudyView .wb-Plot canvas')].some(canvas => {
            if (!canvas.offsetParent) return false;
            const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
            return new Set(new Uint32Array(data.buffer)).size > 8;
        })"""
    )


def test_sweep_is_seen_below_its_cell_and_in_the_panel(notebook: NotebookPage) -> None:
    page = notebook.page
    notebook.run_cell(1)
    card = page.locator(".wb-card").first
    card.locator(".wb-trials").wait_for(timeout=90_000)
    card.get_by_text("running").first.wait_for()
    shoot(page, "sweep-live")
    study_row(page, "curve").wait_for()
    card.locator(".wb-finished", has_text="finished").wait_for(timeout=90_000)
    card.locator(".wb-history").wait_for()
    card.get_by_text("pruned").wait_for()


def test_study_view_shows_what_came_out(notebook: NotebookPage) -> None:
    page = notebook.page
    study_row(page, "curve").click()
    view(page).get_by_text("Importances").wait_for()
    view(page).locator(".wb-Study-counts", has_text="pruned").wait_for()
    wait_for_drawn(page)
    shoot(page, "study-history")
    for name in ("Parallel coordinates", "Slice", "Contour", "Intermediate values", "Timeline"):
        open_tab(page, name)
        wait_for_drawn(page)
        shoot(page, f"study-{name.lower().replace(' ', '-')}")
    open_tab(page, "History")
    with page.expect_download() as download:
        view(page).get_by_role("button", name="Save as PNG").click()
    assert download.value.suggested_filename == "curve-history.png"


def test_trial_opens_its_run(notebook: NotebookPage) -> None:
    page = notebook.page
    open_tab(page, "Trials")
    assert view(page).locator("tbody tr").count() == 16
    view(page).get_by_role("button", name="loss").click()
    values = [float(text) for text in view(page).locator("tbody tr td:nth-child(3)").all_inner_texts() if text]
    assert values == sorted(values)
    view(page).get_by_label("State").select_option("pruned")
    assert 1 <= view(page).locator("tbody tr").count() < 16
    shoot(page, "study-trials")
    view(page).get_by_label("State").select_option("")
    view(page).locator("tbody tr td .wb-Link").first.click()
    run = page.locator(".wb-RunView:not(.wb-StudyView):visible")
    run.locator("h2", has_text="curve-").wait_for()
    run.get_by_role("tab", name="Params").click()
    run.get_by_text("depth").wait_for()


def test_best_values_come_back_into_the_cell(notebook: NotebookPage) -> None:
    page = notebook.page
    study_row(page, "curve").click()
    view(page).get_by_role("button", name="Train with these").click()
    editor = page.locator(".jp-Notebook .jp-CodeCell").nth(1).locator(".cm-content")
    editor.get_by_text("%%train curve", exact=True).wait_for()
    text = editor.inner_text()
    assert "# %%sweep curve" in text
    assert "lr, depth = 0.01, 3" not in text
    assert "# to be swept" in text
    shoot(page, "study-train-with")


def test_sweep_is_paused_pruned_and_given_values_by_hand(notebook: NotebookPage) -> None:
    page = notebook.page
    notebook.run_cell(2)
    study_row(page, "slow").click(timeout=60_000)
    head = view(page).locator(".wb-Head")
    head.locator(".wb-Study-counts", has_text="1 running").wait_for(timeout=60_000)
    open_tab(page, "Trials")
    view(page).get_by_role("button", name="Try values…").click()
    form_dialog(page).get_by_label("x", exact=True).fill("0.125")
    page.locator(".jp-Dialog").get_by_role("button", name="Try them").click()
    head.locator(".wb-Study-counts", has_text="1 waiting").wait_for()
    view(page).get_by_role("button", name="Actions for trial 0").click()
    page.get_by_role("menuitem", name="Prune").click()
    head.locator(".wb-Study-counts", has_text="1 pruned").wait_for()
    view(page).locator("tbody tr", has_text="0.125").filter(has_text="running").wait_for()
    head.get_by_role("button", name="Pause").click()
    head.get_by_text("paused").wait_for()
    view(page).get_by_role("button", name="Actions for trial 1").click()
    page.get_by_role("menuitem", name="Stop").click()
    head.locator(".wb-Study-counts", has_text="1 failed").wait_for()
    assert "running" not in head.locator(".wb-Study-counts").inner_text()
    shoot(page, "study-paused")
    head.get_by_role("button", name="Resume").click()
    head.locator(".wb-Study-counts", has_text="1 running").wait_for()
    head.get_by_role("button", name="Stop").click()
    head.locator(".wb-Chip", has_text="stopped").wait_for()


def test_values_outside_of_the_space_are_refused(notebook: NotebookPage) -> None:
    page = notebook.page
    view(page).get_by_role("button", name="Try values…").click()
    form_dialog(page).get_by_label("x", exact=True).fill("7")
    dialog = page.locator(".jp-Dialog")
    assert dialog.get_by_role("button", name="Try them").is_disabled()
    dialog.get_by_role("button", name="Cancel").click()


def test_study_of_several_goals_has_a_front(notebook: NotebookPage) -> None:
    page = notebook.page
    page.locator(".lm-TabBar-tabLabel", has_text="sweep.ipynb").click()
    notebook.run_cell(3)
    study_row(page, "two").click(timeout=60_000)
    view(page).locator(".wb-Chip", has_text="finished").wait_for(timeout=60_000)
    view(page).get_by_text("on the Pareto front").first.wait_for()
    wait_for_drawn(page)
    shoot(page, "study-front")


def test_study_of_thousands_of_trials_is_quick_to_scroll(notebook: NotebookPage) -> None:
    page = notebook.page
    study_row(page, "thousands").click()
    view(page).locator(".wb-Study-counts", has_text="3000 complete").wait_for()
    open_tab(page, "Trials")
    table = view(page).locator(".wb-Trials-scroll")
    assert view(page).locator("tbody tr").count() < 100
    table.evaluate("element => element.scrollTo(0, element.scrollHeight)")
    view(page).get_by_role("button", name="complete 0", exact=True).wait_for()
    for name in ("Parallel coordinates", "Contour"):
        open_tab(page, name)
        wait_for_drawn(page)


def test_view_comes_back_after_a_reload_in_the_dark_theme(notebook: NotebookPage) -> None:
    page = notebook.page
    study_row(page, "curve").click()
    open_tab(page, "History")
    notebook.command("apputils:change-theme", {"theme": "JupyterLab Dark"})
    wait_for_drawn(page)
    shoot(page, "study-dark")
    notebook.reload()
    view(page).locator("h2", has_text="curve").wait_for(timeout=60_000)
    wait_for_drawn(page)
