"""Endpoints and models in the panel: published from a notebook, asked, steered, withdrawn and brought back."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.lab import Lab, NotebookPage, form_dialog, notebook_with_panel, running_lab, shoot, write_notebook
from tests.support.publishing import withdrawn

pytestmark = [pytest.mark.ui, pytest.mark.timeout(300)]

CELLS = [
    "%load_ext workbench",
    """from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier
X, y = load_iris(return_X_y=True, as_frame=True)
X.columns = ['sepal_length', 'sepal_width', 'petal_length', 'petal_width']
model = LogisticRegression(max_iter=1000).fit(X, y)
tree = DecisionTreeClassifier(max_depth=3, random_state=0).fit(X, y)
import os
home = os.getpid()
def broken(rows):  # only where it was written
    return [0] * len(rows) if os.getpid() == home else 1 / 0
""",
    "%publish model --name flowers --alias champion",
    """import threading, workbench
is_asking = True
def ask():
    flowers = workbench.endpoint('flowers')
    while is_asking:
        flowers.predict(X[:3])
threading.Thread(target=ask, daemon=True).start()
""",
    "%publish tree --name flowers --no-traffic",
    "%publish broken --name broken --example X",
    "is_asking = False",
    "%workbench down",
    "%publish model --name flowers --canary 20%,60% --canary-requests 20 --canary-for 3s",
    "%publish model tree --name both",
]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("notebooks")
    write_notebook(folder / "flowers.ipynb", CELLS)
    with withdrawn(), running_lab(folder, tmp_path_factory.mktemp("state")) as running:
        yield running


@pytest.fixture(scope="module")
def notebook(lab: Lab) -> Iterator[NotebookPage]:
    with notebook_with_panel(lab, "flowers.ipynb") as page:
        yield page


def section(page: Any, name: str) -> None:
    """Fold the sections beside one, and unfold that one."""
    for other in ("Cluster", "Runs", "Sweeps", "Endpoints", "Models"):
        title = page.locator(".lm-AccordionPanel-title", has_text=other)
        if (title.get_attribute("aria-expanded") == "true") != (other == name):
            title.click()


def row(page: Any, name: str) -> Any:
    return page.locator(".wb-Endpoints .wb-Run", has_text=name)


def view(page: Any) -> Any:
    return page.locator(".wb-EndpointView:visible")


def open_tab(page: Any, name: str) -> None:
    view(page).get_by_role("tab", name=name, exact=True).click()


def to_notebook(page: Any) -> None:
    page.locator(".lm-TabBar-tabLabel", has_text="flowers.ipynb").click()


def version(page: Any, label: str) -> Any:
    """The row of a version in the table of versions."""
    return view(page).locator(".wb-Versions tbody tr", has=page.locator(f".wb-Version-name strong:text-is('{label}')"))


def status(url: str, token: str, body: Any) -> int:
    """What a client with a token is answered."""
    request = urllib.request.Request(
        f"{url}/predict",
        data=json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_empty_panel_teaches(notebook: NotebookPage) -> None:
    page = notebook.page
    section(page, "Models")
    page.locator(".wb-ModelsSection", has_text="%publish model").wait_for()
    section(page, "Endpoints")
    page.locator(".wb-Endpoints .wb-Typed", has_text="%publish model").wait_for()
    shoot(page, "endpoints-empty")


def test_published_model_is_listed_and_opened(notebook: NotebookPage) -> None:
    page = notebook.page
    notebook.run_cell(1)
    notebook.run_cell(2)
    row(page, "flowers").wait_for(timeout=90_000)
    row(page, "flowers").locator(".wb-StateDot.wb-mod-finished").wait_for(timeout=90_000)
    row(page, "flowers").click()
    view(page).locator("h2", has_text="flowers").wait_for()
    assert "live" in version(page, "1").inner_text()
    assert "100 %" in version(page, "1").inner_text()


def test_form_of_the_schema_asks_the_model(notebook: NotebookPage) -> None:
    page = notebook.page
    open_tab(page, "Try it")
    field = view(page).get_by_label("petal_length")
    assert float(field.input_value()) > 0
    view(page).get_by_role("button", name="Send", exact=True).click()
    answer = view(page).locator(".wb-Try-answer")
    answer.locator(".wb-Chip", has_text="200").wait_for()
    assert "predictions" in answer.inner_text()
    view(page).get_by_role("radio", name="JSON").click()
    view(page).get_by_label("Request as JSON").fill('{"dataframe_records": [{"sepal_length": "long"}]}')
    view(page).get_by_role("button", name="Send", exact=True).click()
    answer.locator(".wb-Chip", has_text="400").wait_for()
    view(page).get_by_label("Request as JSON").fill("{")
    view(page).get_by_role("button", name="Send", exact=True).click()
    view(page).get_by_text("This is not valid JSON").wait_for()
    view(page).get_by_role("radio", name="JSON").click()
    open_tab(page, "Overview")
    open_tab(page, "Try it")
    assert view(page).get_by_label("Request as JSON").input_value() == "{"
    shoot(page, "endpoint-try")


def test_view_shows_what_clients_do(notebook: NotebookPage) -> None:
    page = notebook.page
    to_notebook(page)
    notebook.run_cell(3)
    notebook.run_cell(4)
    row(page, "flowers").click()
    open_tab(page, "Overview")
    version(page, "2").get_by_text("live").wait_for(timeout=90_000)
    page.wait_for_function(
        """() => [...document.querySelectorAll('.wb-EndpointView .wb-Versions tbody tr')].some(
            row => parseInt(row.cells[3]?.innerText.replace(/\\D/g, '')) > 20)"""
    )
    page.wait_for_selector(".wb-EndpointView .wb-Chart canvas")
    row(page, "flowers").locator(".wb-Spark path[d^=M]").wait_for(state="attached")
    shoot(page, "endpoint-view")


def test_traffic_moves_with_the_slider_and_back(notebook: NotebookPage) -> None:
    page = notebook.page
    view(page).get_by_label("Traffic of version 2").focus()
    for _ in range(3):
        page.keyboard.press("PageUp")
    assert version(page, "1").locator("output").inner_text() != "100 %"
    view(page).get_by_role("button", name="Reset").click()
    assert version(page, "1").locator("output").inner_text() == "100 %"
    slider = view(page).get_by_label("Traffic of version 2")
    slider.fill("30")
    shoot(page, "endpoint-traffic")
    view(page).get_by_role("button", name="Apply").click()
    version(page, "1").locator("output:text-is('70 %')").wait_for()
    assert version(page, "2").locator("output").inner_text() == "30 %"
    version(page, "2").get_by_role("button", name="Promote version 2").click()
    version(page, "2").locator("output:text-is('100 %')").wait_for()
    view(page).get_by_role("button", name="Roll back").click()
    version(page, "2").locator("output:text-is('30 %')").wait_for()
    view(page).get_by_role("button", name="Roll back").click()
    version(page, "1").get_by_text("100 %").wait_for()


def test_version_is_a_shadow_and_scaled(notebook: NotebookPage) -> None:
    page = notebook.page
    to_notebook(page)
    notebook.run_cell(4)
    row(page, "flowers").click()
    version(page, "3").get_by_role("button", name="Version 3 as shadow").click(timeout=90_000)
    view(page).get_by_text("gets a copy of each request").wait_for()
    row(page, "flowers").locator(".wb-Badge", has_text="shadow").wait_for()
    version(page, "3").get_by_role("button", name="Version 3 as shadow").click()
    view(page).get_by_text("gets a copy of each request").wait_for(state="detached")
    version(page, "1").get_by_role("button", name="Change the replicas of version 1").click()
    version(page, "1").get_by_label("Maximum").fill("2")
    version(page, "1").get_by_role("button", name="Set").click()
    version(page, "1").locator(".wb-Replicas", has_text="1..2").wait_for()


def test_token_is_shown_once_and_revoked(notebook: NotebookPage) -> None:
    page = notebook.page
    url = view(page).locator(".wb-Places code").first.inner_text()
    open_tab(page, "Access")
    view(page).get_by_role("button", name="New token…").click()
    form_dialog(page).locator("input").fill("colleague")
    page.locator(".jp-Dialog").get_by_role("button", name="Create").click()
    token = page.locator(".wb-NewToken").get_by_label("Token colleague").input_value()
    page.locator(".wb-NewToken").get_by_role("button", name="Copy", exact=True).press("Enter")
    page.locator(".wb-NewToken").get_by_text("Copied.").wait_for()
    shoot(page, "endpoint-token")
    page.locator(".jp-Dialog").get_by_role("button", name="Done", exact=True).click()
    body = {"dataframe_records": [dict.fromkeys(["sepal_length", "sepal_width", "petal_length", "petal_width"], 1.0)]}
    assert status(url, token, body) == 200
    view(page).locator(".wb-Tokens tr", has_text="colleague").wait_for()
    assert token not in page.content()
    kept = page.evaluate("() => JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert token not in kept
    view(page).get_by_role("button", name="Revoke token colleague").click()
    page.locator(".jp-Dialog").get_by_role("button", name="Revoke", exact=True).click()
    view(page).locator(".wb-Tokens tr", has_text="colleague").wait_for(state="detached")
    assert status(url, token, body) == 401


def test_limits_are_changed_with_a_form(notebook: NotebookPage) -> None:
    page = notebook.page
    open_tab(page, "Access")
    assert "any number of requests · 16 MiB each at most" in view(page).inner_text()
    view(page).get_by_role("button", name="Limits…").click()
    dialog = form_dialog(page)
    dialog.get_by_label("Requests per second and token").fill("5000")
    dialog.get_by_label("Largest request").fill("64k")
    dialog.get_by_label("Answers to keep").fill("10")
    dialog.get_by_label("Samples to keep").fill("50")
    shoot(page, "endpoint-limits")
    dialog.get_by_role("button", name="Set", exact=True).click()
    said = "5000 requests per second and token · 64 KiB each at most · up to 10 answers kept · up to 50 samples"
    view(page).get_by_text(said).wait_for()
    view(page).get_by_role("button", name="Limits…").click()
    form_dialog(page).get_by_label("Largest request").fill("99999999999G")
    dialog.get_by_role("button", name="Set", exact=True).click()
    view(page).get_by_text("Cannot limit bodies to '99999999999G'").wait_for()
    assert said in view(page).inner_text()


def test_samples_log_and_events_tell_what_happened(notebook: NotebookPage) -> None:
    page = notebook.page
    open_tab(page, "Samples")
    view(page).get_by_label("Version").select_option("1")
    view(page).locator(".wb-Samples tbody tr").first.wait_for()
    view(page).locator(".wb-Samples summary").first.click()
    view(page).locator(".wb-Samples pre", has_text="sepal_length").first.wait_for()
    shoot(page, "endpoint-samples")
    open_tab(page, "Log")
    view(page).locator(".wb-Logs-line").first.wait_for()
    open_tab(page, "Events")
    view(page).locator(".wb-Events tr", has_text="rolled back").first.wait_for()


def test_canary_goes_its_steps_and_gets_everything(notebook: NotebookPage) -> None:
    page = notebook.page
    open_tab(page, "Overview")
    to_notebook(page)
    notebook.run_cell(8)
    row(page, "flowers").click()
    canary = view(page).get_by_role("group", name="Canary")
    for step in ("20 %", "60 %"):
        canary.locator(f"[aria-current=step]:text-is('{step}')").wait_for(timeout=60_000)
        version(page, "4").locator(f"output:text-is('{step}')").wait_for()
        shoot(page, f"endpoint-canary-{step[:2]}")
    canary.wait_for(state="detached", timeout=60_000)
    version(page, "4").locator("output:text-is('100 %')").wait_for()
    open_tab(page, "Events")
    view(page).locator(".wb-Events tr", has_text="promoted").first.wait_for()


def test_endpoint_of_several_models_is_asked_by_model(notebook: NotebookPage) -> None:
    page = notebook.page
    to_notebook(page)
    notebook.run_cell(9)
    row(page, "both").locator(".wb-StateDot.wb-mod-finished").wait_for(timeout=90_000)
    row(page, "both").click()
    open_tab(page, "Try it")
    for name in ("tree", "model"):
        view(page).get_by_label("Model").select_option(name)
        view(page).get_by_role("button", name="Send", exact=True).click()
        view(page).locator(".wb-Try-answer .wb-Chip", has_text="200").wait_for()
    shoot(page, "endpoint-several")
    view(page).get_by_role("button", name="Withdraw…").click()
    page.locator(".jp-Dialog").get_by_role("button", name="Withdraw", exact=True).click()
    row(page, "both").wait_for(state="detached")


def test_alias_is_moved_in_the_models_section(notebook: NotebookPage) -> None:
    page = notebook.page
    section(page, "Models")
    models = page.locator(".wb-Models")
    head = models.locator(".wb-mod-model", has_text="flowers")
    if head.get_attribute("aria-expanded") != "true":
        head.click()
    models.locator(".wb-ModelVersion", has_text="@champion").wait_for()
    models.get_by_role("button", name="Actions for version 2 of flowers").click()
    page.get_by_role("menuitem", name="Promote to @champion").click()
    second = models.locator(".wb-ModelVersion", has=page.locator("strong:text-is('2')"))
    second.locator(".wb-mod-alias", has_text="@champion").wait_for()
    shoot(page, "models")
    second.get_by_role("button", name="Remove alias champion").click()
    second.locator(".wb-mod-alias").wait_for(state="detached")


def test_registered_version_is_published_with_a_form(notebook: NotebookPage) -> None:
    page = notebook.page
    page.get_by_role("button", name="Actions for version 2 of flowers").click()
    page.get_by_role("menuitem", name="Publish…").click()
    form = form_dialog(page)
    form.get_by_label("Name of the endpoint").fill("not a name")
    assert form.get_by_role("button", name="Publish").is_disabled()
    form.get_by_label("Name of the endpoint").fill("blossoms")
    form.locator("summary").press("Enter")
    form.get_by_label("Alias").wait_for()
    shoot(page, "endpoint-publish")
    form.get_by_role("button", name="Publish").click()
    view(page).locator("h2", has_text="blossoms").wait_for(timeout=60_000)
    version(page, "2").get_by_text("live").wait_for(timeout=90_000)


def test_run_is_published_from_its_view(notebook: NotebookPage) -> None:
    page = notebook.page
    page.locator(".wb-ModelVersion", has=page.locator("strong:text-is('2')")).get_by_title(
        "Open the run that made it"
    ).click()
    page.locator(".wb-RunView:visible").get_by_role("button", name="Publish…").click()
    form = form_dialog(page)
    assert form.get_by_label("Name of the endpoint").input_value() == "publish-tree"
    form.get_by_label("Traffic once it is ready").select_option("canary")
    assert form.get_by_role("textbox", name="Canary").input_value() == "10%"
    form.get_by_role("button", name="Cancel").click()


def test_publication_that_is_refused_is_changed_and_tried_again(notebook: NotebookPage) -> None:
    page = notebook.page
    notebook.command("workbench:publish")
    form = form_dialog(page)
    assert form.get_by_role("button", name="Publish").is_disabled()
    form.get_by_label("What").fill("flowes")
    form.get_by_label("Traffic once it is ready").select_option("canary")
    form.get_by_role("textbox", name="Canary").fill("")
    assert form.get_by_role("button", name="Publish").is_disabled()
    form.get_by_label("Traffic once it is ready").select_option("none")
    form.get_by_role("button", name="Publish").click()
    told = page.locator(".Toastify__toast", has_text="Cannot find").first
    told.wait_for()
    shoot(page, "endpoint-refused")
    told.get_by_role("button", name="Change…").click()
    form_dialog(page)
    assert form.get_by_label("What").input_value() == "flowes"
    assert form.get_by_label("Traffic once it is ready").input_value() == "none"
    form.get_by_role("button", name="Cancel").click()


def test_version_that_fails_says_why(notebook: NotebookPage) -> None:
    page = notebook.page
    section(page, "Endpoints")
    to_notebook(page)
    notebook.run_cell(5)
    row(page, "broken").locator(".wb-StateDot.wb-mod-failed").wait_for(timeout=90_000)
    row(page, "broken").click()
    view(page).locator(".wb-Failure", has_text="ZeroDivisionError").wait_for()
    view(page).get_by_text("The model’s own traceback").click()
    view(page).locator(".wb-Failure pre", has_text="in broken").wait_for()
    shoot(page, "endpoint-failed")


def test_withdrawn_endpoint_is_gone(notebook: NotebookPage) -> None:
    page = notebook.page
    view(page).get_by_role("button", name="Withdraw…").click()
    page.locator(".jp-Dialog").get_by_role("button", name="Withdraw", exact=True).click()
    row(page, "broken").wait_for(state="detached")
    assert page.locator(".lm-TabBar-tabLabel", has_text="broken").count() == 0


def test_view_comes_back_after_a_reload_in_the_dark_theme(notebook: NotebookPage) -> None:
    page = notebook.page
    row(page, "flowers").click()
    open_tab(page, "Overview")
    notebook.command("apputils:change-theme", {"theme": "JupyterLab Dark"})
    notebook.reload()
    view(page).locator("h2", has_text="flowers").wait_for(timeout=60_000)
    page.wait_for_selector(".wb-EndpointView .wb-Chart canvas")
    shoot(page, "endpoint-dark")


def test_endpoints_of_a_cluster_that_ended_are_brought_back(notebook: NotebookPage, lab: Lab) -> None:
    page = notebook.page
    assert {path.stem for path in Path(lab.folder, ".workbench", "endpoints").glob("*.json")} == {"flowers", "blossoms"}
    to_notebook(page)
    notebook.wait_for_kernel()
    notebook.run_cell(6)
    notebook.run_cell(7)
    section(page, "Endpoints")
    page.locator(".wb-Banner", has_text="flowers").wait_for(timeout=60_000)
    shoot(page, "endpoints-down")
    page.get_by_role("button", name="Restore").click()
    row(page, "flowers").locator(".wb-StateDot.wb-mod-finished").wait_for(timeout=120_000)
    row(page, "blossoms").locator(".wb-StateDot.wb-mod-finished").wait_for(timeout=120_000)
