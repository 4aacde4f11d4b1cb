"""Answers about runs: rows of a list, details, curves, files."""

from __future__ import annotations

from typing import Annotated, Literal

from typing_extensions import TypedDict

from workbench.records.runs import Failure, RunSnapshot, RunState
from workbench.records.wire import Base64, Measured


class RunSummary(TypedDict):
    """A run as a row of a list. Times are seconds since the epoch.

    Attributes:
        run_id: MLflow's id.
        name: The run's name.
        state: The run's state.
        experiment: The MLflow experiment, which is the notebook's name for runs of cells.
        metrics: The latest value of each metric.
        started_at: When it started; null before.
        ended_at: When it ended; null before.
        source: ``mlflow`` for runs that something else logged.
        failure: Why it did not finish; null where it did, or goes on.
        cell_id: The id of its cell in the notebook, or an empty string.
        notebook: The notebook's path below the server's folder, or an empty string.
        workers: The number of workers as text, or an empty string.
    """

    run_id: str
    name: str
    state: RunState
    experiment: str
    metrics: dict[str, Measured]
    started_at: float | None
    ended_at: float | None
    source: Literal["workbench", "mlflow"]
    failure: Failure | None
    cell_id: str
    notebook: str
    workers: str


class ComparedRun(RunSummary):
    """A run with its parameters."""

    params: dict[str, str]


class RunDetail(ComparedRun):
    """All that is known of a run, except its points, logs and files.

    Attributes:
        tags: MLflow's tags.
        metric_names: The names of all metrics.
        snapshot: The live snapshot, without its curves.
    """

    tags: dict[str, str]
    metric_names: list[str]
    snapshot: RunSnapshot


class RunPage(TypedDict):
    """A page of a list of runs.

    Attributes:
        runs: The runs of this page.
        next: The value of ``after`` that gives the next page; null on the last one.
    """

    runs: list[RunSummary]
    next: str | None


class RunComparison(TypedDict):
    """Runs to compare."""

    runs: list[ComparedRun]


class ExperimentList(TypedDict):
    """Names of experiments."""

    experiments: list[str]


class MetricSeries(TypedDict):
    """Points of a metric for a plot.

    Attributes:
        metric: The metric's name.
        count: The number of points in the range, before any were left out.
        points: Pairs of x and value, by rising x.
    """

    metric: str
    count: int
    points: list[tuple[float, Measured]]


class ArtifactList(TypedDict):
    """Paths of a run's files."""

    paths: list[str]


class Artifact(TypedDict):
    """A file of a run.

    Attributes:
        path: The file's path among the run's files.
        type: The file's media type.
        data: The file's bytes.
    """

    path: str
    type: str
    data: Annotated[str, Base64()]


class RunCell(TypedDict):
    """The cell of a run.

    Attributes:
        source: The cell as it ran.
        python: The cell as a call of the Python API.
        now: The cell as the notebook's file has it now; null where the cell or the notebook is gone.
    """

    source: str
    python: str
    now: str | None


class RunReference(TypedDict):
    """A run's id."""

    run_id: str


class NamedRun(RunReference):
    """A run's id and name."""

    name: str


class DeletedRuns(TypedDict):
    """What deleting runs did.

    Attributes:
        deleted: The number of runs that were deleted.
        kept: Names of runs that go on, and were left.
    """

    deleted: int
    kept: list[str]


class TidiedRuns(TypedDict):
    """Runs that were deleted, or would be.

    Attributes:
        count: The number of runs.
        names: Names of the first of them.
    """

    count: int
    names: list[str]


class WrittenNotebook(TypedDict):
    """A notebook that was written.

    Attributes:
        path: The notebook's path relative to the server's root.
    """

    path: str
