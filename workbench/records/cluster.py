"""Records of a cluster: its nodes, what they use, what runs on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NotRequired

from typing_extensions import TypedDict

from workbench.records.runs import RunSnapshot, RunState


class GpuUsage(TypedDict):
    """The use of one GPU.

    Attributes:
        name: The model's name.
        percent: The share of time in which it computed.
        memory_used: Bytes.
        memory_total: Bytes.
    """

    name: str
    percent: float
    memory_used: float
    memory_total: float


class NodeUsage(TypedDict):
    """What a node really uses, beside what is reserved on it.

    Attributes:
        cpu_percent: Percent of all cores.
        memory_used: Bytes.
        memory_total: Bytes.
        gpus: The use of each GPU.
    """

    cpu_percent: float
    memory_used: int
    memory_total: int
    gpus: list[GpuUsage]


class Node(TypedDict):
    """A node of a cluster.

    Attributes:
        id: Ray's id of the node.
        name: The host's name.
        address: The node's IP address.
        cpus: The number of CPUs that it offers.
        gpus: The number of GPUs that it offers.
        memory: Bytes of memory that it offers.
        object_store: Bytes of its object store.
        usage: The real use; null where the node did not answer in time.
        accelerators: The kinds of its accelerators.
    """

    id: str
    name: str
    address: str
    cpus: float
    gpus: float
    memory: float
    object_store: float
    usage: NodeUsage | None
    accelerators: list[str]


class ResourceUse(TypedDict):
    """How much of a resource a cluster has, and how much of that is reserved."""

    total: float
    used: float


class ForemanStatus(TypedDict):
    """What the foreman of a cluster does.

    Attributes:
        id: The foreman's id; another one after a restart.
        runs: Runs that have not ended.
        spares: Idle worker processes that stand ready, by kind.
    """

    id: str
    runs: list[RunSnapshot]
    spares: dict[str, int]


class ClusterOverview(TypedDict):
    """The cluster as the panel shows it.

    Attributes:
        state: ``up``; ``down`` where none runs; ``lost`` where it does not answer.
        message: Why it is not up, in words.
        address: The cluster's address, while it is up.
        is_local: Whether Workbench started it on this machine.
        resources: Resources by name.
        nodes: The nodes that are alive.
        runs: Runs that have not ended.
        spares: Idle worker processes that stand ready, by kind.
        elsewhere: Addresses of other clusters on this machine.
    """

    state: Literal["up", "down", "lost"]
    message: str
    address: NotRequired[str]
    is_local: NotRequired[bool]
    resources: dict[str, ResourceUse]
    nodes: list[Node]
    runs: list[RunSnapshot]
    spares: NotRequired[dict[str, int]]
    elsewhere: list[str]


class StoppedCluster(TypedDict):
    """What became of a cluster, in words."""

    message: str


@dataclass(frozen=True)
class RayJob:
    """A Ray Job that was submitted with Ray's own tools, described like a run. Times are seconds since the epoch."""

    job_id: str
    entrypoint: str
    state: RunState
    message: str
    started_at: float | None
    ended_at: float | None


class JobList(TypedDict):
    """Jobs, the newest first."""

    jobs: list[RayJob]
