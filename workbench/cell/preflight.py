"""The pre-flight sheet: what leaves the kernel, and what would go wrong on the workers."""

from __future__ import annotations

import platform
from collections.abc import Set
from dataclasses import dataclass
from importlib.metadata import packages_distributions, version

from workbench.cell.payload import CellPayload
from workbench.records.runs import ClusterFacts

LARGE_BYTES = 256 * 2**20
"""A send of more than this is always shown."""


@dataclass(frozen=True)
class Row:
    """One name: its type, its size in bytes, how it travels, what else is to be said."""

    name: str
    type_name: str
    nbytes: int
    travels: str
    note: str = ""


@dataclass(frozen=True)
class Problem:
    """Something that may go wrong, and the fix."""

    what: str
    fix: str


@dataclass(frozen=True)
class Preflight:
    """The sheet. ``send_bytes`` is what is not on the cluster yet."""

    rows: tuple[Row, ...]
    problems: tuple[Problem, ...]
    send_bytes: int

    @property
    def is_large(self) -> bool:
        """Return whether so much is sent that the user should see the sheet first."""
        return self.send_bytes > LARGE_BYTES


def sheet(payload: CellPayload, cluster: ClusterFacts | None, held: Set[str]) -> Preflight:
    """Return the sheet of a cell.

    Args:
        payload: The captured cell.
        cluster: The Python and the packages of the workers, None where no cluster runs yet.
        held: Digests of large values that the cluster holds already.
    """
    shared = {name: value for value in payload.shared for name in value.names}
    rows = []
    for item in payload.captured:
        value = shared.get(item.name)
        mark = value.fingerprint if value is not None else None
        shape = f"{'×'.join(map(str, mark.shape))} {mark.dtype}"[:60] if mark is not None else ""
        if item.type_name == "module":
            travels = "by import"
        elif mark is not None and mark.digest in held:
            travels = "already there"
        else:
            travels = "sent"
        via = f"through {item.via}" if item.via else ""
        rows.append(Row(item.name, item.type_name, item.nbytes, travels, ", ".join(filter(None, [shape, via]))))
    rows += [
        Row(module.name, "local module", len(module.source), "as source", module.relative) for module in payload.modules
    ]
    send = len(payload.pickled) + sum(
        value.fingerprint.nbytes for value in payload.shared if value.fingerprint.digest not in held
    )
    return Preflight(tuple(rows), tuple(_problems(payload, cluster)), send)


def _problems(payload: CellPayload, cluster: ClusterFacts | None) -> list[Problem]:
    problems = [
        Problem(
            f"{module.relative} was edited after this kernel imported it; workers use the file as it is now.",
            f"To use it here too: importlib.reload({module.name})",
        )
        for module in payload.modules
        if module.is_stale
    ]
    if cluster is None:
        return problems
    here, there = platform.python_version(), cluster.python
    if here.split(".")[:2] != there.split(".")[:2]:
        problems.append(
            Problem(
                f"The cluster runs Python {there}, this kernel {here}: functions may not travel.",
                f"Use a kernel with Python {'.'.join(there.split('.')[:2])}, or another cluster.",
            )
        )
    known = packages_distributions()
    for module in sorted(payload.imports):
        for distribution in known.get(module, [])[:1]:
            theirs, mine = cluster.packages.get(distribution.lower()), version(distribution)
            if theirs is None and cluster.packages:
                problems.append(
                    Problem(
                        f"{distribution} is not installed on the cluster.",
                        f"Give it to the run: --pip {distribution}=={mine}",
                    )
                )
            elif theirs is not None and theirs != mine:
                problems.append(
                    Problem(
                        f"{distribution} is {mine} here and {theirs} on the cluster.",
                        f"If that matters: --pip {distribution}=={mine}",
                    )
                )
    return problems
