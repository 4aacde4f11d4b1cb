"""The server plugin: what it tells, and to whom."""

from __future__ import annotations

import json
from typing import Any

import pytest
import tornado.httpclient

pytest_plugins = ["pytest_jupyter.jupyter_server"]


@pytest.fixture
def jp_server_config() -> dict[str, Any]:
    return {"ServerApp": {"jpserver_extensions": {"workbench_server": True}}}


async def test_about_tells_versions(jp_fetch: Any) -> None:
    response = await jp_fetch("workbench", "api", "about")
    versions = json.loads(response.body)["versions"]
    assert versions["ray"].count(".") == 2
    assert set(versions) == {"jupyter-ml-workbench", "ray", "mlflow", "optuna", "torch"}


async def test_every_verb_asks_who_is_there(jp_fetch: Any) -> None:
    with pytest.raises(tornado.httpclient.HTTPClientError) as caught:
        await jp_fetch("workbench", "api", "about", headers={"Authorization": "token wrong"})
    assert caught.value.code == 403
