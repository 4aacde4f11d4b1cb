"""Records that travel between kernel, foreman and workers: the run as submitted, and each rank's part."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from workbench.records.runs import Failure, RunOptions
from workbench.sweeps.plan import SweepPlan

_TORCH_FAMILY = frozenset({"torch", "torchvision", "torchaudio", "lightning", "pytorch_lightning", "accelerate"})
_TORCH_USERS = frozenset({"transformers", "timm", "fastai", "torchmetrics", "diffusers", "peft", "trl"})

PRELOADABLE = (
    _TORCH_FAMILY
    | _TORCH_USERS
    | frozenset(
        {"numpy", "pandas", "scipy", "sklearn", "matplotlib", "xgboost", "lightgbm", "catboost", "polars", "pyarrow"}
    )
    | frozenset({"datasets", "mlflow", "seaborn", "statsmodels", "tqdm", "jax", "tensorflow", "keras"})
)
"""Modules that a spare process may import ahead of time: well-known, slow to import, no side effects."""


@dataclass(frozen=True)
class CellCode:
    """The cell as a worker needs it; see :class:`workbench.cell.payload.CellPayload`.

    ``labels`` are the names under which users know the files in ``sources`` (``Cell In[3]``).
    """

    source: str
    filename: str
    line_offset: int
    pickled: bytes
    digests: tuple[str, ...]
    private: frozenset[str]
    modules: tuple[Any, ...]
    sources: dict[str, str]
    labels: dict[str, str]
    imports: frozenset[str]
    sys_path: tuple[str, ...]
    workdir: str

    @property
    def uses_torch(self) -> bool:
        """Return whether the cell, or what it calls, imports torch or a library on top of it."""
        return bool(self.imports & (_TORCH_FAMILY | _TORCH_USERS))


def runtime_env_of(options: RunOptions) -> dict[str, Any] | None:
    """Return Ray's ``runtime_env`` for a run's own environment, None where it takes the cluster's."""
    if not options.pip:
        return {"env_vars": dict(options.env)} if options.env else None
    return {"env_vars": dict(options.env), "pip": {"packages": list(options.pip), "pip_check": False}}


@dataclass(frozen=True)
class RunSpec:
    """One run as submitted to the foreman."""

    options: RunOptions
    code: CellCode
    name: str
    experiment: str
    tracking_uri: str
    artifact_dir: str | None
    state_dir: str
    params: dict[str, Any] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    submitted_at: float = 0.0
    sweep: SweepPlan | None = None


@dataclass(frozen=True)
class ProcessInfo:
    """A worker process as it describes itself.

    Attributes:
        pid: The process's number on its node.
        node_id: Ray's id of the node.
        ip: The node's address.
        host: The node's host name.
        port: A port of that address that was free, for the rendezvous of a process group that it leads.
        python: The version of Python.
        cores: The number of the node's cores.
    """

    pid: int
    node_id: str
    ip: str
    host: str
    port: int
    python: str
    cores: int


@dataclass(frozen=True)
class Assignment:
    """The part of one worker process in a run.

    ``environ`` is the environment that ``torchrun`` would set, MLflow's, and the run's own.
    ``threads`` is how many threads numerical libraries may use; None leaves them alone.
    In a sweep, ``sweep`` is its plan and ``conductor`` the actor that gives out trials to teams: each team's ranks run
    one trial after the other together, as the world of each. ``first_worker`` counts the workers of teams before.
    ``gpu_ids`` are the rank's own GPUs, ``visible_gpus`` those that its process sees; ``backend``
    is the process group to join (``"nccl"``, ``"gloo"``, None for none).
    """

    run_id: str
    name: str
    attempt: int
    rank: int
    local_rank: int
    world_size: int
    environ: dict[str, str]
    checkpoint_dir: str
    returns: tuple[str, ...]
    threads: int | None
    gpu_ids: tuple[str, ...]
    visible_gpus: tuple[str, ...]
    backend: str | None
    code: CellCode
    sweep: SweepPlan | None = None
    conductor: Any = None
    first_worker: int = 0

    @property
    def worker(self) -> int:
        """Return the number of this process in the run; in a run that is no sweep, the rank."""
        return self.first_worker + self.rank

    @property
    def team(self) -> str:
        """Return the team's name for the conductor."""
        return str(self.first_worker)


@dataclass(frozen=True)
class RankOutcome:
    """How one rank ended.

    Attributes:
        rank: The rank's number.
        failure: Why it did not finish, None when it did.
        ended_at: When the last user line ended, seconds since the epoch.
        returned: Names that travel back (rank 0 only).
        returns_error: Why a name could not be returned, or an empty string.
        models: Those of ``returned`` that are models, to be logged with the run.
        is_peer_error: Whether the error only says that another rank went away.
    """

    rank: int
    failure: Failure | None
    ended_at: float
    returned: tuple[str, ...] = ()
    returns_error: str = ""
    models: tuple[str, ...] = ()
    is_peer_error: bool = False
