"""The routes about endpoints and registered models, where no cluster runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.rest import ask, refused
from workbench.tracking.store import TrackingStore

pytest_plugins = ["pytest_jupyter.jupyter_server"]

API = "/workbench/api"


@pytest.fixture(autouse=True)
def no_cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bridge that a test starts finds no cluster of this machine."""
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path / "home"))


async def told(jp_fetch: Any, method: str, path: str, **options: Any) -> Any:
    return json.loads((await ask(jp_fetch, method, f"{API}/{path}", **options)).body)


async def test_overview_says_what_was_published_and_starts_nothing(jp_fetch: Any, project_folder: Path) -> None:
    overview = await told(jp_fetch, "GET", "endpoints")
    assert (overview["gateway"]["state"], overview["endpoints"], overview["asleep"]) == ("down", [], [])
    folder = project_folder / ".workbench" / "endpoints"
    folder.mkdir(parents=True)
    (folder / "digits.json").write_text("{}")
    assert (await told(jp_fetch, "GET", "endpoints"))["asleep"] == ["digits"]


async def test_endpoint_that_is_none_is_told(jp_fetch: Any) -> None:
    asked: list[tuple[str, str, Any]] = [
        ("GET", "", None),
        ("GET", "/tokens", None),
        ("PUT", "/traffic", {"weights": {"1": 100}}),
        ("POST", "/rollback", {}),
        ("POST", "/promote", {"version": "1"}),
        ("PUT", "/replicas", {"replicas": "1..2"}),
        ("PUT", "/limits", {"rate": 5}),
        ("PUT", "/shadow", {"version": None}),
        ("POST", "/try", {"body": [[1]]}),
        ("POST", "/tokens", {"label": "panel"}),
        ("DELETE", "/tokens/panel", None),
        ("DELETE", "", None),
    ]
    for method, path, body in asked:
        options = {} if body is None else {"body": json.dumps(body)}
        code, answer = await refused(jp_fetch, method, f"{API}/endpoints/digits{path}", **options)
        assert code in (404, 503), (method, path, answer)
        assert answer["message"]


async def test_endpoint_that_is_only_written_down_is_said_to_sleep_and_can_be_withdrawn(
    jp_fetch: Any, project_folder: Path
) -> None:
    folder = project_folder / ".workbench" / "endpoints"
    folder.mkdir(parents=True)
    (folder / "digits.json").write_text("{}")
    for method, path, body in (("GET", "", None), ("POST", "/rollback", "{}"), ("GET", "/tokens", None)):
        options = {} if body is None else {"body": body}
        code, answer = await refused(jp_fetch, method, f"{API}/endpoints/digits{path}", **options)
        assert (code, "%endpoints restore" in answer["message"]) == (409, True), answer
    await ask(jp_fetch, "DELETE", f"{API}/endpoints/digits")
    assert not (folder / "digits.json").exists()


async def test_what_was_kept_of_an_endpoint_that_is_gone_can_be_read(jp_fetch: Any) -> None:
    assert (await told(jp_fetch, "GET", "endpoints/digits/history"))["versions"] == {}
    assert (await told(jp_fetch, "GET", "endpoints/digits/samples", params={"version": "1"}))["samples"] == []
    assert (await told(jp_fetch, "GET", "endpoints/digits/log", params={"q": "x"}))["total"] == 0


@pytest.mark.parametrize(
    ("method", "path", "body", "words"),
    [
        ("PUT", "digits/traffic", {"weights": {"3": "all"}}, "weights"),
        ("PUT", "digits/traffic", {"weights": {"3": 101}}, "weights"),
        ("PUT", "digits/traffic", {"weights": {"3": True}}, "weights"),
        ("PUT", "digits/traffic", {"weights": {}}, "weights"),
        ("PUT", "digits/traffic", {}, "weights"),
        ("PUT", "digits/shadow", {}, "version"),
        ("PUT", "digits/shadow", {"version": 4}, "version"),
        ("POST", "digits/promote", {}, "version"),
        ("PUT", "digits/replicas", {"replicas": 4}, "replicas"),
        ("PUT", "digits/limits", {}, "rate, max_body, cache or samples"),
        ("PUT", "digits/limits", {"cash": 3}, "Did you mean 'cache'"),
        ("PUT", "digits/limits", {"rate": -1}, "-1"),
        ("PUT", "digits/limits", {"max_body": "1T"}, "1T"),
        ("PUT", "digits/limits", {"cache": 1.5}, "1.5"),
        ("PUT", "digits/limits", {"samples": 1001}, "0 to 1000"),
        ("POST", "digits/try", {}, "body"),
        ("POST", "digits/try", {"body": 1, "model": 3}, "model"),
        ("POST", "digits/tokens", {"label": "../x"}, "label"),
        ("POST", "digits/tokens", {"label": ""}, "label"),
    ],
)
async def test_bad_body_is_named_before_anything_is_asked(
    method: str, path: str, body: Any, words: str, jp_fetch: Any
) -> None:
    code, answer = await refused(jp_fetch, method, f"{API}/endpoints/{path}", body=json.dumps(body))
    assert (code, words in json.dumps(answer)) == (400, True)


@pytest.mark.parametrize("body", [{}, {"source": 3}, {"source": "digits", "options": []}, {"source": "x", "name": 1}])
async def test_publishing_needs_a_source_in_words(body: Any, jp_fetch: Any) -> None:
    code, _ = await refused(jp_fetch, "POST", f"{API}/endpoints", body=json.dumps(body))
    assert code == 400


@pytest.mark.parametrize("name", ["-x", "a b", "n" * 64, "a.b", "%2e%2e"])
async def test_name_that_no_endpoint_can_have_is_not_found(name: str, jp_fetch: Any) -> None:
    code, answer = await refused(jp_fetch, "GET", f"{API}/endpoints/{name}")
    assert (code, answer["kind"]) == (404, "EndpointNotFoundError")


async def test_models_have_versions_aliases_and_their_runs(
    jp_fetch: Any, store: TrackingStore, project_folder: Path
) -> None:
    from workbench.tracking.registry import Registry

    tags = {"workbench.notebook": str(project_folder / "deep" / "book.ipynb")}
    run_id = store.create_run(experiment="book", name="curve", tags=tags, params={})
    registry = Registry(store)
    for _ in range(2):
        registry.register(f"runs:/{run_id}/model", "digits", run_id)
    where = "models/digits/aliases/champion"
    assert (await told(jp_fetch, "PUT", where, body='{"number": 1}')) == {"alias": "champion", "number": 1}
    (model,) = (await told(jp_fetch, "GET", "models"))["models"]
    assert (model["name"], model["aliases"]) == ("digits", {"champion": 1})
    newest, oldest = model["versions"]
    assert (newest["number"], newest["aliases"]) == (2, [])
    assert (oldest["number"], oldest["aliases"], oldest["run_name"]) == (1, ["champion"], "curve")
    assert oldest["notebook"] == "deep/book.ipynb"
    await told(jp_fetch, "PUT", where, body='{"number": 2}')
    (model,) = (await told(jp_fetch, "GET", "models"))["models"]
    assert model["aliases"] == {"champion": 2}
    await told(jp_fetch, "DELETE", where)
    registry.set_alias("digits", "2024-q1", 1)  # as `%publish --alias` may
    await told(jp_fetch, "DELETE", "models/digits/aliases/2024-q1")
    (model,) = (await told(jp_fetch, "GET", "models"))["models"]
    assert model["aliases"] == {}


@pytest.mark.parametrize("number", ["1", 0, 1.5, True, None])
async def test_alias_names_a_version_by_its_number(number: Any, jp_fetch: Any) -> None:
    path = f"{API}/models/digits/aliases/champion"
    code, answer = await refused(jp_fetch, "PUT", path, body=json.dumps({"number": number}))
    assert (code, "number" in json.dumps(answer)) == (400, True)


async def test_alias_of_a_model_that_is_none_is_told(jp_fetch: Any) -> None:
    code, answer = await refused(jp_fetch, "PUT", f"{API}/models/digits/aliases/champion", body='{"number": 1}')
    assert code in (400, 404), answer
    code, _ = await refused(jp_fetch, "DELETE", f"{API}/models/digits/aliases/champion")
    assert code in (400, 404)
    code, _ = await refused(jp_fetch, "PUT", f"{API}/models/digits/aliases/1st%20one", body='{"number": 1}')
    assert code == 404
