"""``python -m scripts.openapi``: write ``openapi.json`` from the declarations of the server's routes.

What a route takes is declared with it (``workbench_server.routes``); what it answers is the return type of the bridge's
verb (``workbench.bridge.verbs``), one of the records. ``make generate`` runs this, and then makes the panel's types.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_type_hints

from workbench_server.routes import ROUTES
from workbench_server.routes.route import Route

from scripts.record_schemas import schemas_of
from workbench.bridge.verbs import FAMILIES, verbs_of
from workbench.options.endpoint import LIMITS
from workbench.records.events import WorkbenchEvent

DESCRIPTION = Path(__file__).parents[1] / "server_ext" / "workbench_server" / "openapi.json"

_INFO = {
    "title": "Workbench for Jupyter Server",
    "version": "1",
    "description": (
        "Runs and the cluster of the server's project. Every verb wants Jupyter's authentication; writing ones its "
        "XSRF token too. Times are seconds since the epoch."
    ),
}
_REFUSALS = {
    400: "An argument cannot be used; the message names it.",
    401: "Who asks is not known.",
    403: "Not allowed.",
    404: "There is no such run, file, endpoint or model.",
    409: "Not possible as things stand.",
    500: "A mistake of Workbench's.",
    503: "The cluster or the tracking store cannot be reached.",
    504: "The cluster or the store hangs.",
}
_DECLARED = {"limits": LIMITS}
"""The options that a body has which is a verb's argument as a whole."""

_ALWAYS = (401, 403, 500, 503, 504)
_ERROR = {
    "description": "A refusal.",
    "type": "object",
    "properties": {
        "kind": {"type": "string", "description": "The library's error."},
        "message": {"type": "string", "description": "What went wrong and what to do, in words."},
    },
    "required": ["message"],
}
_EVENT = "WorkbenchEvent"


def description() -> dict[str, Any]:
    """Return the routes in OpenAPI 3.1."""
    answers = {_name_of(route): _answer_of(route) for route in ROUTES}
    schemas, definitions = schemas_of({**answers, _EVENT: WorkbenchEvent})
    definitions |= {_EVENT: schemas.pop(_EVENT), "Error": _ERROR}
    paths: dict[str, dict[str, Any]] = {}
    for route in ROUTES:
        paths.setdefault(route.template, {})[route.method.lower()] = _operation(route, schemas)
    return {
        "openapi": "3.1.0",
        "info": _INFO,
        "paths": paths,
        "components": {
            "schemas": dict(sorted(definitions.items())),
            "responses": {f"E{status}": _refusal(words) for status, words in _REFUSALS.items()},
        },
    }


def as_text() -> str:
    """Return what belongs into the file."""
    return json.dumps(description(), indent=1, ensure_ascii=False) + "\n"


def _name_of(route: Route) -> str:
    return route.verb or str(route.path[-1])


def _answer_of(route: Route) -> Any:
    """Return the type of a route's answer."""
    if route.local is not None:
        return get_type_hints(route.local, include_extras=True)["return"]
    methods = {name: getattr(family, name) for family in FAMILIES for name in verbs_of(family)}
    return get_type_hints(methods[route.verb], include_extras=True)["return"]


def _operation(route: Route, schemas: dict[str, Any]) -> dict[str, Any]:
    name = _name_of(route)
    parameters = [
        {"name": part.name, "in": "path", "required": True, "schema": part.schema(), "description": part.description}
        for part in route.segments
    ] + [
        {
            "name": value.name,
            "in": "query",
            "required": value.is_required,
            "schema": value.schema(),
            "description": value.description,
        }
        for value in route.query
    ]
    answer = {"description": "OK", "content": {"application/json": {"schema": schemas[name]}}}
    refusals = {str(status): _response(status) for status in sorted({*_ALWAYS, *route.errors})}
    return {
        "operationId": name.partition(".")[0],
        "summary": route.summary,
        **({"parameters": parameters} if parameters else {}),
        **({"requestBody": _request_body(route)} if route.method in ("POST", "PUT") else {}),
        "responses": {"200": answer, **refusals},
    }


def _request_body(route: Route) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object"}
    if route.body:
        schema["properties"] = {value.name: value.described() for value in route.body}
    if required := [value.name for value in route.body if value.is_required]:
        schema["required"] = required
    if route.whole_body:
        schema["properties"] = {option.name: option.json_schema() for option in _DECLARED[route.whole_body]}
        schema |= {"minProperties": 1, "additionalProperties": False}
    is_required = bool(required or route.whole_body)
    return {"required": is_required, "content": {"application/json": {"schema": schema}}}


def _response(status: int) -> dict[str, str]:
    return {"$ref": f"#/components/responses/E{status}"}


def _refusal(words: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Error"}
    return {"description": words, "content": {"application/json": {"schema": schema}}}


def main() -> None:
    """Write the file."""
    DESCRIPTION.write_text(as_text())


if __name__ == "__main__":
    main()
