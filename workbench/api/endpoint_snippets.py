"""Lines that ask an endpoint: for a terminal, and for any Python that has ``requests``."""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path
from urllib.parse import quote

from workbench.records.endpoint_snapshot import EndpointSnapshot


def curl(found: EndpointSnapshot, token_file: Path) -> str:
    """Return a line for a terminal that asks an endpoint.

    Args:
        found: The endpoint.
        token_file: The file of its token; without it, the line takes the token from ``$TOKEN``.
    """
    url, body = _request(found)
    token = f"$(cat {shlex.quote(str(token_file))})" if os.access(token_file, os.R_OK) else "$TOKEN"
    return (
        f"curl -s {url} -H 'Content-Type: application/json' "
        f'-H "Authorization: Bearer {token}" -d {shlex.quote(body or "...")}'
    )


def python(found: EndpointSnapshot, token_file: Path) -> str:
    """Return lines of Python that ask an endpoint; the arguments are those of :func:`curl`."""
    url, body = _request(found)
    is_readable = os.access(token_file, os.R_OK)
    token = f"open({str(token_file)!r}).read().strip()" if is_readable else 'os.environ["TOKEN"]'
    return (
        f"import {'requests' if is_readable else 'os, requests'}\n"
        f"token = {token}\n"
        "headers = {'Authorization': f'Bearer {token}'}\n"
        f"print(requests.post({url!r}, headers=headers, json={_literal(body)}).json())"
    )


def _request(found: EndpointSnapshot) -> tuple[str, str]:
    """Return the URL to ask and the body to send, an empty string where no example is known."""
    schemas = found["schemas"]
    model = next(iter(schemas), "")
    path = f"/models/{quote(model)}/predict" if len(schemas) > 1 else "/predict"
    example = schemas[model].get("example") if model else None
    return found["url"] + path, first_row(example) if example else ""


def _literal(body: str) -> str:
    """Return JSON as Python writes it."""
    return repr(json.loads(body)) if body else "..."


def first_row(example: str) -> str:
    """Return a request's body cut down to its first row, where it has several.

    >>> first_row('{"inputs": [[1], [2]]}')
    '{"inputs": [[1]]}'
    """
    body = json.loads(example)
    if not isinstance(body, dict):
        return example
    for key in ("inputs", "instances", "dataframe_records"):
        if isinstance(body.get(key), list):
            return json.dumps({**body, key: body[key][:1]})
    if isinstance(body.get("dataframe_split"), dict):
        table = body["dataframe_split"]
        cut = {key: rows if key == "columns" else rows[:1] for key, rows in table.items()}
        return json.dumps({"dataframe_split": cut})
    return example
