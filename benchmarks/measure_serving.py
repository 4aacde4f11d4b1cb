"""Serving: a scikit-learn model and a small torch MLP behind Workbench and behind other servers, asked by one client.

Only one server runs at a time. Each round starts all of them anew, in another order; ratios are taken within a round.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from figures import Figure
from serving_load import Seen, ask
from serving_peers import models, ours
from serving_peers.peers import PEERS, PeerError, running, settle

ROUNDS, LOAD_S = 3, 3.0
CLIENTS = {"digits": (1, 16, 64), "mlp": (1, 16)}
TITLES = {"digits": "scikit-learn digits", "mlp": "torch MLP"}
OURS = "workbench"
TWICE, EIGHT = "at least 2 times", "at least 8 times"
AIMS = {
    ("digits", 1, "mlflow"): "p50 at most 0.6 ms and no slower",
    ("digits", 16, "mlflow"): TWICE,
    ("digits", 16, "litserve"): TWICE,
    ("digits", 16, "bentoml"): TWICE,
    ("digits", 16, "ray"): EIGHT,
    ("digits", 64, "mlflow"): "no errors",
}


class Rounds:
    """What was seen of each server, round by round; what could not be started is left out with its reason.

    Args:
        folder: Where the models are saved.
        made: The models themselves, by kind.
    """

    def __init__(self, folder: Path, made: dict[str, Any]) -> None:
        self._folder, self._made = folder, made
        self.seen: dict[tuple[str, str, int], list[Seen]] = {}
        self.memory_mb: dict[str, list[float]] = {}
        self.cold_s: list[float] = []
        self.reasons: dict[str, str] = {}

    def run(self, number: int) -> None:
        """One round, each in another order."""
        names = [OURS, *PEERS]
        start = number * 2 % len(names)
        names = names[start:] + names[:start]
        for kind in CLIENTS:
            for name in names if number % 2 == 0 else reversed(names):
                if name not in self.reasons:
                    self._one(name, kind)

    def _one(self, name: str, kind: str) -> None:
        job = json.loads((self._folder / f"{kind}.json").read_text())
        try:
            with self._server(name, kind, job["bodies"][0]) as (url, headers):
                for clients in CLIENTS[kind]:
                    seen = ask(url, **job, clients=clients, seconds=LOAD_S, headers=headers)
                    self.seen.setdefault((kind, name, clients), []).append(seen)
                    print(f"  {kind}, {name}, {clients} at once: {_said([seen])}; client {seen.cpu:.0%}", flush=True)
                    for text in seen.texts:
                        print(f"    {text}", flush=True)
        except PeerError as error:
            print(f"  {error}", flush=True)
            self.reasons[name] = str(error).splitlines()[0]

    @contextmanager
    def _server(self, name: str, kind: str, body: str) -> Iterator[tuple[str, dict[str, str]]]:
        if name != OURS:
            with running(PEERS[name], kind, self._folder) as peer:
                yield peer.url, {}
                self.memory_mb.setdefault(name, []).append(peer.memory_mb())
            return
        with ours.cluster(), ours.published(self._made[kind], kind, body, models.example(kind)) as found:
            self.cold_s.append(found.took_s)
            settle(ours.supervisor())
            yield found.url, found.headers


def measure(folder: Path) -> list[Figure]:
    """The figures."""
    saved = folder / "models"
    saved.mkdir()
    made = models.make(saved)
    rounds = Rounds(saved, made)
    for number in range(ROUNDS):
        rounds.run(number)
    figures = [
        _compared(rounds, kind, clients, name) for kind in CLIENTS for clients in CLIENTS[kind] for name in PEERS
    ]
    figures += ours.measure(made["digits"], saved, rounds.cold_s)
    sizes = "; ".join(f"{PEERS[name].name} {statistics.median(mb):.0f} MiB" for name, mb in rounds.memory_mb.items())
    return [*figures, Figure("memory of the peers, all their processes", "–", sizes or "–", "–", "–")]


def _compared(rounds: Rounds, kind: str, clients: int, name: str) -> Figure:
    own, other = rounds.seen[kind, OURS, clients], rounds.seen.get((kind, name, clients), [])
    at_once = f"{clients} clients" if clients > 1 else "one client"
    what = f"{TITLES[kind]}, {at_once}, against {PEERS[name].name}"
    aim = AIMS.get((kind, clients, name), "–")
    if not other or not all(seen.requests for seen in other):
        why = rounds.reasons.get(name) or f"no right answer: {next((t for seen in other for t in seen.texts), '')}"
        return Figure(what, _said(own), why, "–", aim)
    ratios = [one.rate / two.rate for one, two in zip(own, other, strict=False)]
    ratio = f"{statistics.median(ratios):.2f} times as many ({min(ratios):.2f}–{max(ratios):.2f})"
    if clients == 1:
        sooner = [two.p50_ms / one.p50_ms for one, two in zip(own, other, strict=False)]
        ratio += f"; p50 {statistics.median(sooner):.2f} times sooner"
    return Figure(what, _said(own), _said(other), ratio, aim)


def _said(seen: list[Seen]) -> str:
    """Medians over the rounds, and all errors."""
    rate, *times = (
        statistics.median(getattr(one, name) for one in seen) for name in ("rate", "p50_ms", "p95_ms", "p99_ms")
    )
    errors = sum(one.errors for one in seen)
    return f"{rate:,.0f}/s; {' / '.join(f'{ms:.2f}' for ms in times)} ms{f'; {errors} errors' if errors else ''}"
