"""The REST routes: who may ask, what bad requests get, and what the list of runs gives."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
from workbench_server.routes import handlers

from tests.support.rest import ask, refused
from workbench.records.runs import RunState
from workbench.tracking.store import TrackingStore

pytest_plugins = ["pytest_jupyter.jupyter_server"]

RUN_ID = "0123456789abcdef" * 2
PLACES = {"run_id": RUN_ID, "storage": RUN_ID[:10], "study": "0", "number": "0"}
PLACES |= {"name": "digits", "alias": "champion", "label": "panel"}


def filled(path: str) -> str:
    """A path with something in the place of each name in braces."""
    return path.format(**PLACES)


VERBS = [
    (method, filled(re.sub(r"\(\?P<(\w+)>\[\^/\]\+\)", r"{\1}", pattern)))
    for pattern, handler in handlers()
    for method in ("GET", "POST", "PUT", "DELETE")
    if method.lower() in vars(handler)
]


def test_every_route_has_verbs() -> None:
    assert len(VERBS) >= len(handlers())


@pytest.mark.parametrize(("method", "path"), VERBS)
async def test_verb_wants_to_know_who_asks(method: str, path: str, jp_fetch: Any) -> None:
    code, _ = await refused(jp_fetch, method, path, headers={"Authorization": "token wrong"})
    assert code == 403


@pytest.mark.nobody_may
@pytest.mark.parametrize(("method", "path"), VERBS)
async def test_verb_asks_whether_one_may(method: str, path: str, jp_fetch: Any) -> None:
    code, _ = await refused(jp_fetch, method, path)
    assert code == 403


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "1000000"}, "1 to 200"),
        ({"limit": "many"}, "limit"),
        ({"states": "asleep"}, "asleep"),
        ({"order_by": "height"}, "height"),
    ],
)
async def test_bad_argument_is_named(params: dict[str, str], words: str, jp_fetch: Any) -> None:
    code, answer = await refused(jp_fetch, "GET", "/workbench/api/runs", params=params)
    assert code == 400
    assert words in json.dumps(answer)


async def test_unknown_run_is_not_found(jp_fetch: Any) -> None:
    code, answer = await refused(jp_fetch, "GET", f"/workbench/api/runs/{RUN_ID}")
    assert code == 404
    assert RUN_ID in answer["message"]


async def test_runs_in_pages_filtered_and_sorted_by_the_store(jp_fetch: Any, store: TrackingStore) -> None:
    for number in range(5):
        run_id = store.create_run(experiment="book", name=f"run-{number}", tags={}, params={"n": number})
        store.log_metrics(run_id, [("loss", float((number * 3) % 5), 1000, step) for step in range(4)])

    async def names(**params: str) -> tuple[list[str], str | None]:
        response = await ask(jp_fetch, "GET", "/workbench/api/runs", params=params)
        page = json.loads(response.body)
        return [run["name"] for run in page["runs"]], page["next"]

    first, token = await names(limit="2", order_by="name")
    assert first == ["run-0", "run-1"]
    assert token
    assert (await names(limit="2", order_by="name", after=token))[0] == ["run-2", "run-3"]
    assert (await names(order_by="-metrics.loss"))[0] == ["run-3", "run-1", "run-4", "run-2", "run-0"]
    assert (await names(query="metrics.loss > 2.5", order_by="name"))[0] == ["run-1", "run-3"]
    assert (await names(query="UN-4"))[0] == ["run-4"]
    assert (await names(query="it's"))[0] == []
    assert (await names(states="finished"))[0] == []


async def test_series_keeps_peaks_and_is_exact_on_zoom(jp_fetch: Any, store: TrackingStore) -> None:
    run_id = store.create_run(experiment="book", name="long", tags={}, params={})
    values = [1000.0 if step == 4321 else float(step % 7) for step in range(6000)]
    store.log_metrics(run_id, [("loss", value, step, step) for step, value in enumerate(values)])

    async def series(**params: str) -> dict[str, Any]:
        path = f"/workbench/api/runs/{run_id}/series"
        response = await ask(jp_fetch, "GET", path, params={"metric": "loss", **params})
        data: dict[str, Any] = json.loads(response.body)
        return data

    store.log_metrics(run_id, [("diverged", float("nan"), 0, 0)])
    assert (await series(metric="diverged"))["points"] == [[0.0, None]]
    few = await series(most="100")
    assert len(few["points"]) <= 100
    assert [4321.0, 1000.0] in few["points"]
    exact = await series(most="100", start="4300", end="4340")
    assert exact["points"] == [[float(step), values[step]] for step in range(4300, 4341)]


async def test_no_cluster_is_a_state_and_not_an_error(
    jp_fetch: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path / "home"))
    response = await ask(jp_fetch, "GET", "/workbench/api/cluster")
    assert json.loads(response.body)["state"] == "down"


async def test_bridge_that_was_killed_is_started_again(jp_fetch: Any, jp_serverapp: Any) -> None:
    await ask(jp_fetch, "GET", "/workbench/api/experiments")
    bridge = jp_serverapp.web_app.settings["workbench_bridge"]
    first = bridge._process.pid
    os.kill(first, signal.SIGKILL)
    await bridge._process.wait()
    await ask(jp_fetch, "GET", "/workbench/api/experiments")
    assert bridge._process.pid != first


async def test_event_loop_goes_on_while_the_bridge_works(jp_fetch: Any, jp_asyncio_loop: Any) -> None:
    gaps = []

    async def beat() -> None:
        while True:
            began = time.perf_counter()
            await asyncio.sleep(0.005)
            gaps.append(time.perf_counter() - began - 0.005)

    beating = asyncio.ensure_future(beat())
    await asyncio.gather(*[ask(jp_fetch, "GET", "/workbench/api/experiments") for _ in range(8)])
    beating.cancel()
    assert sorted(gaps)[int(len(gaps) * 0.99)] < 0.05


async def test_description_has_every_route_and_no_other(jp_fetch: Any) -> None:
    response = await ask(jp_fetch, "GET", "/workbench/api/openapi.json")
    paths = json.loads(response.body)["paths"]
    described = {(method.upper(), filled(path)) for path in paths for method in paths[path]}
    assert described == set(VERBS)


async def test_logs_by_line_and_by_text(jp_fetch: Any, store: TrackingStore, project_folder: Path) -> None:
    run_id = store.create_run(experiment="book", name="talker", tags={}, params={})
    folder = project_folder / ".workbench" / "runs" / run_id / "logs"
    folder.mkdir(parents=True)
    (folder / "rank-1.log").write_text("".join(f"line {number}\n" for number in range(5000)))

    async def page(**params: str) -> dict[str, Any]:
        response = await ask(jp_fetch, "GET", f"/workbench/api/runs/{run_id}/logs", params=params)
        data: dict[str, Any] = json.loads(response.body)
        return data

    assert (await page(rank="1", start="-2", count="5"))["lines"] == ["line 4998", "line 4999"]
    assert (await page(rank="1", start="10", count="1"))["numbers"] == [10]
    found = await page(rank="1", start="0", wanted="LINE 499")
    assert (found["total"], found["numbers"][:2]) == (11, [499, 4990])
    assert (await page(rank="0"))["total"] == 0
    code, answer = await refused(jp_fetch, "GET", f"/workbench/api/runs/{run_id}/logs", params={"count": "100000"})
    assert (code, "1 to 5000" in answer["message"]) == (400, True)


async def test_comparison_has_params_and_metrics(jp_fetch: Any, store: TrackingStore) -> None:
    runs = [store.create_run(experiment="book", name=f"r{n}", tags={}, params={"lr": n}) for n in range(2)]
    store.log_metrics(runs[1], [("loss", 0.5, 1000, 0)])
    response = await ask(jp_fetch, "GET", "/workbench/api/comparison", params={"runs": ",".join(runs)})
    compared = json.loads(response.body)["runs"]
    assert [run["params"] for run in compared] == [{"lr": "0"}, {"lr": "1"}]
    assert [run["metrics"] for run in compared] == [{}, {"loss": 0.5}]
    code, _ = await refused(jp_fetch, "GET", "/workbench/api/comparison", params={"runs": ""})
    assert code == 400
    code, _ = await refused(jp_fetch, "GET", "/workbench/api/comparison", params={"runs": RUN_ID})
    assert code == 404


async def test_runs_of_one_notebook(jp_fetch: Any, store: TrackingStore, project_folder: Path) -> None:
    for name in ("it's mine.ipynb", "other.ipynb"):
        path = str(project_folder / "deep" / name)
        store.create_run(experiment="x", name=name, tags={"workbench.notebook": path}, params={})
    response = await ask(jp_fetch, "GET", "/workbench/api/runs", params={"notebook": "deep/it's mine.ipynb"})
    (run,) = json.loads(response.body)["runs"]
    assert (run["name"], run["notebook"]) == ("it's mine.ipynb", "deep/it's mine.ipynb")


async def test_tidying_counts_then_deletes(jp_fetch: Any, store: TrackingStore) -> None:
    for number, state in enumerate((RunState.FAILED, RunState.STOPPED, RunState.FINISHED)):
        run_id = store.create_run(experiment="book", name=f"old-{number}", tags={}, params={})
        store.set_state(run_id, state, ended_at=time.time() - 10 * 86400)

    async def tidy(**body: Any) -> dict[str, Any]:
        response = await ask(jp_fetch, "POST", "/workbench/api/runs/tidying", body=json.dumps(body))
        data: dict[str, Any] = json.loads(response.body)
        return data

    assert (await tidy(states=["failed", "stopped"], older_than_days=30))["count"] == 0
    assert (await tidy(states=["failed", "stopped"], older_than_days=7))["count"] == 2
    assert (await tidy(states=["failed"], older_than_days=7, dry=False))["names"] == ["old-0"]
    assert (await tidy(states=["failed", "stopped"]))["names"] == ["old-1"]
    for body in ({"states": "failed"}, {"states": [], "older_than_days": "x"}, {"states": [], "dry": 1}):
        code, _ = await refused(jp_fetch, "POST", "/workbench/api/runs/tidying", body=json.dumps(body))
        assert code == 400


async def test_cell_as_it_ran_and_as_it_is_now(jp_fetch: Any, store: TrackingStore, project_folder: Path) -> None:
    import nbformat

    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("%%train\na = 2")])
    nbformat.write(book, project_folder / "book.ipynb")
    tags = {"workbench.notebook": str(project_folder / "book.ipynb"), "workbench.cell_id": book.cells[0].id}
    run_id = store.create_run(experiment="book", name="r", tags=tags, params={})
    code, _ = await refused(jp_fetch, "GET", f"/workbench/api/runs/{run_id}/cell")
    assert code == 404
    store.log_bytes(run_id, b"%%train -w 2\na = 1", "lineage/cell.py")
    cell = json.loads((await ask(jp_fetch, "GET", f"/workbench/api/runs/{run_id}/cell")).body)
    assert (cell["source"], cell["now"]) == ("%%train -w 2\na = 1", "%%train\na = 2")
    assert "workers=2" in cell["python"]


async def test_run_of_a_cluster_that_is_gone_is_not_run_again(jp_fetch: Any, store: TrackingStore) -> None:
    run_id = store.create_run(experiment="book", name="gone", tags={}, params={})
    store.set_state(run_id, RunState.FINISHED)
    code, answer = await refused(jp_fetch, "POST", f"/workbench/api/runs/{run_id}/again")
    assert (code, "Run its cell in the notebook" in answer["message"]) == (404, True)


async def test_cluster_that_hangs_is_told_and_blocks_nothing(cluster: Path, jp_fetch: Any) -> None:
    from workbench.cluster import local

    assert json.loads((await ask(jp_fetch, "GET", "/workbench/api/cluster")).body)["state"] == "up"
    supervisor = local.running()
    assert supervisor is not None
    family = psutil.Process(supervisor.pid).children(recursive=True)
    foremen = [process for process in family if "ray::Foreman" in " ".join(process.cmdline())]
    assert foremen
    for process in foremen:
        process.suspend()
    try:
        looking = asyncio.ensure_future(ask(jp_fetch, "GET", "/workbench/api/cluster"))
        took = []
        while not looking.done():
            began = time.perf_counter()
            await ask(jp_fetch, "GET", "/workbench/api/about")
            took.append(time.perf_counter() - began)
            await asyncio.sleep(0.05)
        answer = json.loads((await looking).body)
    finally:
        for process in foremen:
            process.resume()
    assert answer["state"] == "lost"
    assert "did not answer" in answer["message"]
    assert len(took) > 20
    assert sorted(took)[len(took) // 2] < 0.1
    for _ in range(20):  # it catches up with what it was asked meanwhile
        if json.loads((await ask(jp_fetch, "GET", "/workbench/api/cluster")).body)["state"] == "up":
            return
    raise AssertionError("it did not come back")
