"""Other projects' pages behind Jupyter's own authentication."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import optuna
import pytest
import tornado.httpclient

from tests.support.rest import ask
from workbench.sweeps.studies import storage_id
from workbench.tracking.store import TrackingStore

pytest_plugins = ["pytest_jupyter.jupyter_server"]


async def code_of(jp_fetch: Any, method: str, path: str, **options: Any) -> int:
    with pytest.raises(tornado.httpclient.HTTPClientError) as caught:
        await ask(jp_fetch, method, path, **options)
    return int(caught.value.code)


@pytest.mark.parametrize("name", ["mlflow", "ray", "optuna-0123456789"])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_pages_want_to_know_who_asks(name: str, method: str, jp_fetch: Any) -> None:
    wrong = {"Authorization": "token wrong"}
    code = await code_of(jp_fetch, method, f"/workbench/dashboards/{name}/x", headers=wrong, follow_redirects=False)
    assert code in (302, 403)


@pytest.mark.nobody_may
async def test_pages_ask_whether_one_may(jp_fetch: Any) -> None:
    assert await code_of(jp_fetch, "GET", "/workbench/dashboards/mlflow/x") == 403


async def test_page_of_another_site_changes_nothing(
    jp_fetch: Any, jp_http_port: int, jp_base_url: str, jp_serverapp: Any
) -> None:
    client = tornado.httpclient.AsyncHTTPClient()
    server = f"http://127.0.0.1:{jp_http_port}"
    token = jp_serverapp.identity_provider.token
    seen = await client.fetch(f"{server}{jp_base_url}api/status?token={token}")
    cookies = "; ".join(cookie.split(";")[0] for cookie in seen.headers.get_list("Set-Cookie"))
    url = f"{server}{jp_base_url}workbench/dashboards/mlflow/ajax-api/2.0/mlflow/experiments/create"
    codes = []
    for origin in ("http://elsewhere.example", server):
        headers = {"Cookie": cookies, "Origin": origin, "Content-Type": "application/json"}
        answer = await client.fetch(
            url, method="POST", body='{"name": "made"}', headers=headers, raise_error=False, request_timeout=90
        )
        codes.append(answer.code)
    assert codes == [403, 200]


async def test_pages_that_are_not_there_say_why(jp_fetch: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path / "home"))
    with pytest.raises(tornado.httpclient.HTTPClientError) as caught:
        await ask(jp_fetch, "GET", "/workbench/dashboards/ray/x")
    assert caught.value.code == 503
    assert "no cluster" in json.loads(caught.value.response.body)["message"]  # type: ignore[union-attr]
    assert await code_of(jp_fetch, "GET", "/workbench/dashboards/optuna-0123456789/x") == 400


async def test_mlflow_pages_are_passed_on_without_jupyters_secrets(
    jp_fetch: Any, store: TrackingStore, project_folder: Path
) -> None:
    run_id = store.create_run(experiment="book", name="one", tags={}, params={})
    path = "/workbench/dashboards/mlflow/ajax-api/2.0/mlflow/runs/get"
    found = await ask(jp_fetch, "GET", path, params={"run_id": run_id})
    assert json.loads(found.body)["run"]["info"]["run_name"] == "one"
    changed = await ask(
        jp_fetch,
        "POST",
        "/workbench/dashboards/mlflow/ajax-api/2.0/mlflow/runs/set-tag",
        body=json.dumps({"run_id": run_id, "key": "seen", "value": "yes"}),
        headers={"Content-Type": "application/json"},
    )
    assert changed.code == 200
    assert store.get(run_id).tags["seen"] == "yes"


async def test_optuna_pages_know_where_they_are(jp_fetch: Any, jp_base_url: str, project_folder: Path) -> None:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    url = f"sqlite:///{project_folder / 'studies.db'}"
    study = optuna.create_study(study_name="square", storage=url)
    study.optimize(lambda trial: trial.suggest_float("x", -1, 1) ** 2, n_trials=3)
    listed = json.loads((await ask(jp_fetch, "GET", "/workbench/api/studies")).body)
    assert [(found["name"], found["trials"]) for found in listed["studies"]] == [("square", {"complete": 3})]
    name = f"optuna-{storage_id(url)}"
    page = (await ask(jp_fetch, "GET", f"/workbench/dashboards/{name}/dashboard")).body.decode()
    prefix = f"{jp_base_url}workbench/dashboards/{name}"
    assert f'src="{prefix}/static/bundle.js"' in page
    script = (await ask(jp_fetch, "GET", f"/workbench/dashboards/{name}/static/bundle.js")).body.decode()
    assert f'url_prefix:"{prefix}/dashboard"' in script
    studies = json.loads((await ask(jp_fetch, "GET", f"/workbench/dashboards/{name}/api/studies")).body)
    assert studies["study_summaries"][0]["study_name"] == "square"
