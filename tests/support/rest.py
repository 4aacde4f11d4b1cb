"""Requests to the server under test; what it answers must be as its description says."""

from __future__ import annotations

import functools
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import tornado.httpclient

DESCRIPTION = Path(__file__).parents[2] / "server_ext" / "workbench_server" / "openapi.json"


async def ask(jp_fetch: Any, method: str, path: str, **options: Any) -> Any:
    """Return the server's response, whose body has the form that ``openapi.json`` gives it."""
    body = {"body": "{}"} if method in ("POST", "PUT") and "body" not in options else {}
    response = await jp_fetch(*path.strip("/").split("/"), method=method, request_timeout=90, **body, **options)
    check_answer(method, path, response)
    return response


def check_answer(method: str, path: str, response: Any) -> None:
    """Compare an answer of the REST routes with its schema in ``openapi.json``."""
    for template, operations in description()["paths"].items():
        pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(template))
        if re.fullmatch(pattern, path) and method.lower() in operations:
            answer = operations[method.lower()]["responses"]["200"]["content"]["application/json"]["schema"]
            schema = {**answer, "components": description()["components"]}
            jsonschema.validate(json.loads(response.body), schema, jsonschema.Draft202012Validator)
            return


@functools.cache
def description() -> dict[str, Any]:
    """Return ``openapi.json``."""
    found: dict[str, Any] = json.loads(DESCRIPTION.read_text())
    return found


async def refused(jp_fetch: Any, method: str, path: str, **options: Any) -> tuple[int, dict[str, Any]]:
    """Return the status and the body of a request that the server refuses."""
    with pytest.raises(tornado.httpclient.HTTPClientError) as caught:
        await ask(jp_fetch, method, path, **options)
    body = caught.value.response.body if caught.value.response else b"{}"
    return caught.value.code, json.loads(body or b"{}")
