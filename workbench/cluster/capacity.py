"""The capacity of a cluster: whether a request can ever be met, what is free, and what holds the rest."""

from __future__ import annotations

import ray

from workbench.cluster.ray_compat import available_resources_per_node
from workbench.errors import ResourcesError
from workbench.records.runs import Resources, Waiting

MINIMAL_BUNDLE = {"CPU": 0.001}
_MAX_WORKERS = 1000
_KINDS = ("CPU", "GPU", "memory")


def check_feasible(resources: Resources, noun: str = "worker") -> None:
    """Raise ``ResourcesError`` when no empty cluster of these nodes could hold the run, or the replicas."""
    nodes = [dict(node["Resources"]) for node in ray.nodes() if node["Alive"]]
    placed = 0
    for node in nodes:
        while placed < resources.workers and _take(node, resources.bundle):
            placed += 1
    if placed >= resources.workers:
        return
    have = {kind: sum(node["Resources"].get(kind, 0.0) for node in ray.nodes() if node["Alive"]) for kind in _KINDS}
    lacking = _first_lack(resources, noun)
    request = str(resources).replace("worker", noun)
    raise ResourcesError(
        f"Cannot run {request}: the cluster has {_amounts(have)} on {len(nodes)} node{'s' if len(nodes) != 1 else ''}"
        f", room for {placed} such {noun}{'s' if placed != 1 else ''}. {lacking}",
        room=placed,
    )


def _take(node: dict[str, float], bundle: dict[str, float]) -> bool:
    if any(node.get(kind, 0.0) + 1e-9 < amount for kind, amount in bundle.items()):
        return False
    for kind, amount in bundle.items():
        node[kind] -= amount
    return True


def _first_lack(resources: Resources, noun: str) -> str:
    total = ray.cluster_resources()
    if resources.gpus_per_worker and not total.get("GPU"):
        option = "--gpus-per-worker" if noun == "worker" else "--gpus"
        return f"It has no GPU: drop {option}, or join one that has: %workbench up --address ADDRESS."
    return f"Ask for fewer or smaller {noun}s, or join a larger cluster: %workbench up --address ADDRESS."


def room_now(resources: Resources) -> int:
    """Return how many times the resources of a run are free now."""
    placed, bundle = 0, resources.bundle or MINIMAL_BUNDLE
    for node in available_resources_per_node().values():
        free = dict(node)
        while placed < _MAX_WORKERS and _take(free, bundle):
            placed += 1
    return placed // resources.workers


def explain(resources: Resources, holders: dict[str, Resources]) -> Waiting:
    """Return why the resources are not free now, and what the user can do.

    Args:
        resources: The resources that the waiting run asks for.
        holders: The resources that each other run holds, by its name.
    """
    total, free = ray.cluster_resources(), ray.available_resources()
    needed = {kind: amount * resources.workers for kind, amount in resources.bundle.items()}
    short = [kind for kind, amount in needed.items() if free.get(kind, 0.0) + 1e-9 < amount] or list(needed)
    held_by = tuple(
        f"{name} ({_amounts({kind: holder.bundle.get(kind, 0.0) * holder.workers for kind in short})})"
        for name, holder in holders.items()
        if any(holder.bundle.get(kind) for kind in short)
    )
    in_use = {kind: total.get(kind, 0.0) - free.get(kind, 0.0) for kind in short}
    ours = {kind: sum(h.bundle.get(kind, 0.0) * h.workers for h in holders.values()) for kind in short}
    if any(in_use[kind] > ours[kind] + 0.01 for kind in short):
        held_by = (*held_by, "other Ray work")
    actions = [f"%runs stop {name}" for name in list(holders)[:3]]
    if resources.workers > 1:
        room = min(int(free.get(kind, 0.0) // amount) for kind, amount in resources.bundle.items())
        if room:
            actions.append(f"--workers {room} would start now")
    if "GPU" in short:
        actions.append("run without --gpus-per-worker to use the CPU")
    return Waiting(
        needs=_amounts({kind: needed[kind] for kind in short}),
        free=", ".join(
            f"{_amount(kind, free.get(kind, 0.0))} of {_amount(kind, total.get(kind, 0.0))} free" for kind in short
        ),
        held_by=held_by,
        actions=tuple(actions),
    )


def _amounts(amounts: dict[str, float]) -> str:
    return ", ".join(f"{_amount(kind, amount)}" for kind, amount in amounts.items() if amount) or "nothing"


def _amount(kind: str, amount: float) -> str:
    if kind == "memory":
        return f"{amount / 2**30:.1f} GiB memory"
    return f"{amount:g} {kind}"
