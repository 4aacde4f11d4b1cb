"""``openapi.json``: written from the routes and the records, and not by hand."""

from __future__ import annotations

from workbench_server.routes import ROUTES

from scripts.openapi import DESCRIPTION, as_text
from workbench.bridge.verbs import FAMILIES, verbs_of


def test_description_is_what_make_generate_writes() -> None:
    assert DESCRIPTION.read_text() == as_text(), "the file is stale: run `make generate`"


def test_every_verb_has_one_place() -> None:
    names = [name for family in FAMILIES for name in verbs_of(family)]
    assert len(names) == len(set(names))


def test_every_verb_is_asked_by_a_route() -> None:
    names = {name for family in FAMILIES for name in verbs_of(family)}
    asked = {route.verb for route in ROUTES if route.verb}
    assert names == asked | {"dashboard"}  # which the handler of the dashboards' pages asks
