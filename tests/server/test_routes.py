"""The REST routes: who may ask, what bad requests get, and what the list of runs gives."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest
import tornado.httpclient
import traitlets.config
from jupyter_server.auth import Authorizer
from workbench_server.routes import handlers

from workbench.tracking.store import TrackingStore

pytest_plugins = ["pytest_jupyter.jupyter_server"]

RUN_ID = "0123456789abcdef" * 2
VERBS = [
    (method, pattern.replace(r"(?P<run_id>[0-9a-f]{32})", RUN_ID))
    for pattern, handler in handlers()
    for method in ("GET", "POST", "PUT", "DELETE")
    if method.lower() in vars(handler)
]


class NobodyMay(Authorizer):
    """Knows who asks, and lets nobody do anything to Workbench."""

    def is_authorized(self, handler: Any, user: Any, action: str, resource: str) -> bool:
        return resource != "workbench"


@pytest.fixture
def project_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "pyproject.toml").touch()
    return folder


@pytest.fixture
def jp_server_config(project_folder: Path, request: pytest.FixtureRequest) -> traitlets.config.Config:
    config = {"ServerApp": {"jpserver_extensions": {"workbench_server": True}, "root_dir": str(project_folder)}}
    if "nobody_may" in request.keywords:
        config["ServerApp"]["authorizer_class"] = NobodyMay  # type: ignore[assignment]
    return traitlets.config.Config(config)


@pytest.fixture
def jp_root_dir(project_folder: Path) -> Path:
    return project_folder


@pytest.fixture
def store(project_folder: Path) -> TrackingStore:
    state = project_folder / ".workbench"
    return TrackingStore(f"sqlite:///{state}/mlflow.db", state / "artifacts")


def ask(jp_fetch: Any, method: str, path: str, **options: Any) -> Any:
    body = {"body": "{}"} if method in ("POST", "PUT") and "body" not in options else {}
    return jp_fetch(*path.strip("/").split("/"), method=method, request_timeout=60, **body, **options)


async def refused(jp_fetch: Any, method: str, path: str, **options: Any) -> tuple[int, dict[str, Any]]:
    with pytest.raises(tornado.httpclient.HTTPClientError) as caught:
        await ask(jp_fetch, method, path, **options)
    body = caught.value.response.body if caught.value.response else b"{}"
    return caught.value.code, json.loads(body or b"{}")


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
    import asyncio

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
    described = {(method.upper(), path.replace("{run_id}", RUN_ID)) for path in paths for method in paths[path]}
    assert described == set(VERBS)
