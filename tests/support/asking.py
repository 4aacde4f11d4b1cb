"""Requests to the server under test."""

from __future__ import annotations

import json
from typing import Any

import pytest
import tornado.httpclient


def ask(jp_fetch: Any, method: str, path: str, **options: Any) -> Any:
    body = {"body": "{}"} if method in ("POST", "PUT") and "body" not in options else {}
    return jp_fetch(*path.strip("/").split("/"), method=method, request_timeout=90, **body, **options)


async def refused(jp_fetch: Any, method: str, path: str, **options: Any) -> tuple[int, dict[str, Any]]:
    with pytest.raises(tornado.httpclient.HTTPClientError) as caught:
        await ask(jp_fetch, method, path, **options)
    body = caught.value.response.body if caught.value.response else b"{}"
    return caught.value.code, json.loads(body or b"{}")
