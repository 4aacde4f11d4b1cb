"""Endpoints as a card and as tables, in HTML and plain text."""

from __future__ import annotations

import time

from workbench.display.table import TONES, Table
from workbench.display.templating import render
from workbench.display.words import ago
from workbench.records.endpoint_answers import Sample
from workbench.records.endpoint_snapshot import EndpointSnapshot, EndpointsOverview, TokenRow

_SAMPLE_CHARS = 100
_ANSWERING = ("live", "idle")


class EndpointCard:
    """One endpoint: its URL, examples of requests, its versions and their figures.

    Args:
        snapshot: The endpoint as it is now.
        curl: A line for a terminal that sends it a request.
        python: A line of Python that sends it a request.
    """

    def __init__(self, snapshot: EndpointSnapshot, curl: str, python: str) -> None:
        self._snapshot = snapshot
        self._curl = curl
        self._python = python

    def __repr__(self) -> str:
        """Return the endpoint in a few lines."""
        found = self._snapshot
        lines = [f"endpoint {found['name']} · {found['state']} · {found['url']}"]
        if found["message"]:
            lines.append(f"  {found['message']}")
        lines += [f"  {line}" for line in repr(_versions(found)).splitlines()]
        lines += [f"  {line}" for line in _news(found)]
        if found["state"] in _ANSWERING:
            lines += ["", f"  {self._curl}", f"  {self._python}", f"  {found['url']}/docs  has a form to try it"]
        for version in found["versions"]:
            if version["failure"]:
                lines += ["", f"  version {version['label']} failed: {version['failure']['message']}"]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        found = self._snapshot
        card = render(
            "endpoint.html.j2",
            endpoint=found,
            tone=TONES[found["state"]],
            versions=_versions(found).table_html(),
            news=_news(found),
            has_examples=found["state"] in _ANSWERING,
            curl=self._curl,
            python=self._python,
        )
        return str(card)


def _versions(found: EndpointSnapshot) -> Table:
    rows = []
    for version in sorted(found["versions"], key=lambda one: -one["weight"]):
        stats = version["stats"]
        replicas = version["replicas"]
        most = f" (to {replicas['max']})" if replicas["max"] > max(replicas["target"], replicas["min"]) else ""
        role = "shadow" if version["is_shadow"] else f"{version['weight']:g} %" if version["weight"] else "–"
        rows.append(
            (
                version["label"],
                ", ".join(f"{model['name']}/{model['number']}" for model in version["models"]),
                version["state"],
                role,
                f"{replicas['running']} of {replicas['target']}{most}",
                f"{stats['requests']:,}",
                f"{stats['errors']:,}",
                _ms(stats["p50_ms"]),
                _ms(stats["p95_ms"]),
                _ms(stats["p99_ms"]),
            )
        )
    heads = ("version", "model", "state", "traffic", "replicas", "requests", "errors", "p50", "p95", "p99")
    return Table(heads, tuple(rows), frozenset(range(5, 10)), "No version is up.")


def _news(found: EndpointSnapshot) -> list[str]:
    lines = []
    canary, shadow = found["canary"], found["shadow"]
    if canary:
        steps = " → ".join(f"{step:g} %" for step in [*canary["steps"], 100])
        lines.append(f"canary {canary['version']} ({steps}): {canary['verdict'] or 'begins'}")
    if shadow and shadow["agreement"] is not None:
        lines.append(
            f"shadow {shadow['version']} agrees in {shadow['agreement']:.1%} of {shadow['requests']:,} answers"
        )
    if found["events"]:
        newest = found["events"][0]
        lines.append(f"{newest['text']}, {ago(newest['t'], time.time())}")
    return lines


def endpoints_table(overview: EndpointsOverview) -> Table:
    """Return all endpoints as a table, also those that were published and do not run."""
    rows = []
    for one in overview["endpoints"]:
        leading = max(one["versions"], key=lambda version: version["weight"], default=None)
        stats = leading["stats"] if leading else None
        shares = ", ".join(f"{v['label']}: {v['weight']:g} %" for v in one["versions"] if v["weight"])
        rows.append(
            (
                one["name"],
                one["state"],
                shares,
                f"{stats['rate']:.1f}/s" if stats else "",
                _ms(stats["p95_ms"]) if stats else "",
                f"{stats['error_rate']:.1%}" if stats and stats["requests"] else "",
                one["url"],
            )
        )
    rows += [(name, "idle", "not running: %endpoints restore", "", "", "", "") for name in overview["asleep"]]
    heads = ("endpoint", "state", "traffic", "requests", "p95", "errors", "address")
    empty = "Nothing is published yet. %publish MODEL --name NAME makes an endpoint of a model."
    return Table(heads, tuple(rows), frozenset({3, 4, 5}), empty)


def samples_table(samples: list[Sample]) -> Table:
    """Return requests and their answers as a table, the newest first."""
    now = time.time()
    rows = tuple(
        (
            ago(one["t"], now),
            str(one["status"]),
            _ms(one["latency_ms"]),
            one["request"][:_SAMPLE_CHARS],
            one["answer"][:_SAMPLE_CHARS],
        )
        for one in sorted(samples, key=lambda one: -one["t"])
    )
    return Table(("when", "status", "took", "request", "answer"), rows, frozenset({1, 2}), "No request was kept yet.")


def tokens_table(tokens: list[TokenRow]) -> Table:
    """Return tokens as a table by label; the tokens themselves are shown nowhere."""
    now = time.time()
    rows = tuple(
        (one["label"], ago(one["created_at"], now), ago(one["last_used_at"], now) or "never") for one in tokens
    )
    return Table(("token", "made", "last used"), rows, empty="No token opens this endpoint.")


def _ms(value: float | None) -> str:
    return "" if value is None else f"{value:.2f} ms" if value < 10 else f"{value:,.0f} ms"
