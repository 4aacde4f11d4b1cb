"""The rules inside the training package: which part may import which."""

from __future__ import annotations

import pytest

from tests.support.imports import python_files, python_graph

PREFIX = "workbench.training."
LAYERS = (
    {"journal", "spec"},
    {"runs"},
    {"worker"},
    {"engines"},
    {"foreman"},
    {"foreman_client"},
    {"local_cluster"},
)
"""Parts from the ground up: each imports only from those below its own."""


def part_of(module: str) -> str:
    return module.removeprefix(PREFIX).partition(".")[0]


def layer_of(module: str) -> int:
    return next(number for number, parts in enumerate(LAYERS) if part_of(module) in parts)


@pytest.fixture(scope="module")
def graph() -> dict[str, set[str]]:
    return {
        module: {other for other in others if other.startswith(PREFIX)}
        for module, others in python_graph().items()
        if module.startswith(PREFIX)
    }


def test_training_layers_every_part_has_a_layer(graph: dict[str, set[str]]) -> None:
    assert {part_of(module) for module in graph} == set().union(*LAYERS)


def test_training_layers_imports_point_downward(graph: dict[str, set[str]]) -> None:
    upward = [
        f"{module} imports {other}"
        for module, others in graph.items()
        for other in others
        if part_of(module) != part_of(other)
        if layer_of(module) <= layer_of(other)
    ]
    assert not upward


def test_training_layers_workers_hold_no_part_of_the_foreman(graph: dict[str, set[str]]) -> None:
    """They call its actor by name: a worker process imports neither the queue nor the engines."""
    parts = {part_of(other) for module, others in graph.items() if part_of(module) == "worker" for other in others}
    assert parts <= {"worker", "journal", "spec"}


def test_training_layers_only_the_client_and_the_actor_know_the_actors_class(graph: dict[str, set[str]]) -> None:
    """The foreman's parts take what they need of each other, never the actor."""
    knowing = {str(path.name) for path in python_files("workbench/training") if "foreman.actor" in path.read_text()}
    assert knowing == {"foreman_client.py"}
