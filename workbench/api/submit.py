"""From a captured cell to a run on the cluster: sends what is not there yet, submits, adds lineage behind."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING, Any

from workbench.api.project import Project
from workbench.api.run_handle import RunHandle
from workbench.cell.payload import CellPayload
from workbench.errors import ClusterError, RunNotFoundError, WorkbenchError
from workbench.records.runs import RunOptions
from workbench.tracking import lineage
from workbench.tracking.notebook import NotebookContext

if TYPE_CHECKING:
    from workbench.sweeps.plan import SweepPlan
    from workbench.tracking.tracked_run import TrackedRun

_COPIED_BELOW = 64 * 2**20


def submit(
    project: Project,
    payload: CellPayload,
    options: RunOptions,
    context: NotebookContext,
    labels: dict[str, str] | None = None,
    sweep: SweepPlan | None = None,
) -> RunHandle:
    """Submit a cell.

    Args:
        project: Where the run belongs.
        payload: The captured cell.
        options: What was asked for.
        context: The notebook that it comes from.
        labels: Names for users of the files in ``payload.sources``.
        sweep: What to sweep, None for a single run.

    Raises what the foreman says: ``ResourcesError``, ``TrackingError``; then nothing was started.
    """
    from workbench.training.spec import RunSpec

    began = time.time()
    connection = project.connection()
    name = options.name or default_name(context)
    if options.resume:
        earlier = project.reconciled(project.store.get(options.resume))
        if not earlier.state.is_terminal:
            raise WorkbenchError(
                f"Cannot resume run {earlier.name!r}: it is still {earlier.state.value}. "
                f"Watch it: %runs attach {earlier.name}"
            )
        if earlier.source != "workbench":
            raise RunNotFoundError(f"Cannot resume run {earlier.name!r}: Workbench did not start it.")
        options = _with_resume(options, earlier.run_id)
        name = earlier.name
    spec = RunSpec(
        options=options,
        code=_code(payload, labels or {}),
        name=name,
        experiment=context.experiment,
        tracking_uri=project.settings.tracking_uri,
        artifact_dir=str(project.settings.artifact_dir) if project.settings.is_embedded_tracking else None,
        state_dir=str(project.settings.state_dir),
        params=dict(payload.params),
        tags={
            **lineage.quick_tags(context, payload),
            "workbench.engine": options.engine,
            "workbench.workers": str(options.resources.workers),
            "workbench.resources": str(options.resources),
            **(sweep_tags(sweep) if sweep is not None else {}),
        },
        files=lineage.quick_files(context, payload),
        submitted_at=began,
        sweep=sweep,
    )
    fresh = _send(connection, payload)
    sizes = {value.fingerprint.digest: value.fingerprint.nbytes for value in payload.shared}
    run_id = connection.call("submit", spec, fresh, sizes)
    _add_lineage_behind(connection, run_id, payload, context)
    return RunHandle(project, run_id, name)


def sweep_tags(plan: SweepPlan) -> dict[str, str]:
    """Return the tags that a sweep's run has of its study."""
    goals = ", ".join(str(goal) for goal in plan.goals)
    return {"workbench.study": plan.name, "workbench.goal": goals}


def submit_again(project: Project, run: str, *, resume: bool = False) -> RunHandle:
    """Run an ended run's cell once more on what it was given then; the kernel that sent it is not needed.

    Args:
        project: Where the run belongs.
        run: Its name or id.
        resume: Go on with that run from its last checkpoint, instead of making a new one.

    Raises ``RunNotFoundError`` when the cluster no longer has what the cell reads.
    """
    record = project.store.get(run)
    try:
        connection = project.connection(start=False)
    except ClusterError:
        raise RunNotFoundError(
            f"Cannot run {record.name!r} again from here: its cluster is gone, and with it the values that its cell "
            "reads. Run its cell in the notebook."
        ) from None
    run_id = connection.call("again", record.run_id, resume)
    if run_id != record.run_id:
        threading.Thread(target=_copy_lineage, args=(project, record, run_id), name="lineage", daemon=True).start()
    return RunHandle(project, run_id, record.name)


def _copy_lineage(project: Project, record: TrackedRun, run_id: str) -> None:
    """Copy what explains the first run to the second."""
    with contextlib.suppress(WorkbenchError, FileNotFoundError):
        copied = ("workbench.git", "mlflow.source.git")
        project.store.set_tags(run_id, {key: value for key, value in record.tags.items() if key.startswith(copied)})
        present = set(project.store.artifacts(run_id, "lineage"))
        for path in project.store.artifacts(record.run_id, "lineage"):
            if path not in present and path not in ("lineage/cell.py", "lineage/executed.json"):
                project.store.log_bytes(run_id, project.store.read_artifact(record.run_id, path), path)


def default_name(context: NotebookContext) -> str:
    """Return a name for a run that was given none: the notebook's and the cell's number."""
    stem = context.path.stem if context.path is not None else "run"
    return f"{stem}-{context.execution_count}" if context.execution_count else f"{stem}-{time.strftime('%H%M%S')}"


def _with_resume(options: RunOptions, run_id: str) -> RunOptions:
    from dataclasses import replace

    return replace(options, resume=run_id)


def _code(payload: CellPayload, labels: dict[str, str]) -> Any:
    """Return the payload without its large values; a value that is small, or changed in place, gets a copy."""
    from workbench.training.spec import CellCode

    private = {
        value.fingerprint.digest
        for value in payload.shared
        if value.fingerprint.nbytes < _COPIED_BELOW
        or any(name.split("[")[0].split(".")[0] in payload.mutated for name in value.names)
    }
    return CellCode(
        source=payload.source,
        filename=payload.filename,
        line_offset=payload.line_offset,
        pickled=payload.pickled,
        digests=tuple(value.fingerprint.digest for value in payload.shared),
        private=frozenset(private),
        modules=payload.modules,
        sources=payload.sources,
        labels=labels,
        imports=payload.imports,
        sys_path=payload.sys_path,
        workdir=payload.workdir,
    )


def _send(connection: Any, payload: CellPayload) -> dict[str, list[Any]]:
    """Put the large values that the cluster does not hold into its object store."""
    digests = [value.fingerprint.digest for value in payload.shared]
    if not digests:
        return {}
    import ray

    held = set(connection.call("held", digests))
    return {
        value.fingerprint.digest: [ray.put(value.value)]
        for value in payload.shared
        if value.fingerprint.digest not in held
    }


def _add_lineage_behind(connection: Any, run_id: str, payload: CellPayload, context: NotebookContext) -> None:
    """Gather the slow part of the lineage in a thread; the run does not wait for it."""

    def gather() -> None:
        try:
            files, tags = lineage.full(context, payload)
            connection.call("attach_files", run_id, files, tags)
        except WorkbenchError:
            pass  # the foreman is gone, and with it the run

    threading.Thread(target=gather, name="lineage", daemon=True).start()
