"""The verbs of ``%runs`` and ``workbench runs``: each returns something to show."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from workbench.api.project import current_project
from workbench.api.run_handle import RunHandle
from workbench.api.runs import again as run_again
from workbench.api.runs import run as named_run
from workbench.api.runs import runs as matching_runs
from workbench.api.runs import to_tidy
from workbench.display.run_tables import compare_table, runs_table
from workbench.display.table import Table
from workbench.errors import OptionError
from workbench.records.runs import RunSnapshot

_FOLLOW_POLL_S = 1.0


def list_runs(arguments: argparse.Namespace) -> Table:
    """Return the runs that match the words."""
    states = arguments.state or None
    records = matching_runs(
        " ".join(arguments.words) or None,
        states=states,
        experiment=arguments.experiment,
        order_by=arguments.sort,
        limit=arguments.limit,
    )
    table = runs_table(records)
    if not records and (arguments.words or states or arguments.experiment):
        return Table(table.heads, (), empty="No run matches. %runs alone lists the newest.")
    return table


def run_of(arguments: argparse.Namespace) -> RunHandle:
    """Return the one run that a verb is about."""
    verb = arguments.verb
    if len(arguments.words) != 1:
        raise OptionError(f"Cannot {verb} {len(arguments.words) or 'no'} runs: name one, as in %runs {verb} RUN.")
    return named_run(arguments.words[0])


def show(arguments: argparse.Namespace) -> RunSnapshot:
    """Return all that is known of a run."""
    return run_of(arguments).snapshot()


def compare(arguments: argparse.Namespace) -> Table:
    """Return runs side by side."""
    if len(arguments.words) < 2:
        raise OptionError("Cannot compare fewer than two runs: name them, as in %runs compare RUN RUN.")
    project = current_project()
    return compare_table([project.store.get(word) for word in arguments.words])


def stop(arguments: argparse.Namespace) -> str:
    """Stop a run and say what became of it."""
    run = run_of(arguments)
    if run.state.is_terminal:
        return f"Run {run.name} has {run.state.value} already."
    run.stop()
    try:
        state = run.wait(20.0)
    except TimeoutError:
        return f"Run {run.name} is asked to stop; it is still {run.state.value}."
    return f"Run {run.name} {state.value}; its resources are free again."


def pause(arguments: argparse.Namespace) -> str:
    """Have a sweep start no more trials."""
    run = run_of(arguments)
    run.pause()
    return f"Sweep {run.name} starts no more trials; those that run go on. To go on: %runs resume {run.name}"


def resume(arguments: argparse.Namespace) -> str:
    """Have a paused sweep go on."""
    run = run_of(arguments)
    run.pause(False)
    return f"Sweep {run.name} goes on."


def logs(arguments: argparse.Namespace) -> None:
    """Print a rank's log, and follow it until the run ends where asked to."""
    run = run_of(arguments)
    text = run.logs(arguments.rank, arguments.tail)
    _write(text or f"(rank {arguments.rank} of {run.name} printed nothing{'' if run.state.is_terminal else ' yet'})\n")
    if not arguments.follow:
        return
    path = current_project().settings.run_dir(run.id) / "logs" / f"rank-{arguments.rank}.log"
    position = path.stat().st_size if path.exists() else 0
    while True:
        is_over = run.state.is_terminal
        if path.exists():
            with path.open("rb") as file:
                file.seek(position)
                fresh = file.read()
            position += len(fresh)
            if fresh:
                _write(fresh.decode("utf-8", "replace"))
        if is_over:
            return
        time.sleep(_FOLLOW_POLL_S / 2)


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def open_notebook(arguments: argparse.Namespace) -> str:
    """Write a run's notebook out."""
    from workbench.tracking.reopen import write

    run = run_of(arguments)
    store = current_project().store
    path = write(store, store.get(run.id), Path.cwd())
    return f"Wrote {path.name}: the notebook as it was when {run.name} ran."


def tidy(arguments: argparse.Namespace) -> Any:
    """Delete ended runs, or show which it would be."""
    records = to_tidy(
        " ".join(arguments.words) or None, states=arguments.state or None, older_than_days=arguments.older_than
    )
    if not arguments.yes:
        if not records:
            return "Nothing to tidy: no failed or stopped runs of that age."
        print(f"Would delete {len(records)} runs; add --yes to do it. `mlflow gc` then frees their space.")
        return runs_table(records[:50])
    project = current_project()
    for record in records:
        project.store.delete(record.run_id)
    return f"Deleted {len(records)} runs."


def again(arguments: argparse.Namespace) -> str:
    """Run an ended run's cell once more, without the kernel that sent it."""
    run = run_again(run_of(arguments).id, resume=arguments.resume)
    return f"Run {run.name} ({run.id[:8]}) {run.state.value}. Watch it: %runs attach {run.id[:8]}"


def open_ui(_: argparse.Namespace) -> str:
    """Start MLflow's own pages on the loopback interface and say where."""
    from workbench.tracking.ui import serve

    url = serve(current_project().settings)
    return f"MLflow's pages: {url}"


CALLS: dict[str, Callable[[argparse.Namespace], Any]] = {
    "list": list_runs,
    "show": show,
    "logs": logs,
    "stop": stop,
    "pause": pause,
    "resume": resume,
    "again": again,
    "compare": compare,
    "open": open_notebook,
    "tidy": tidy,
    "ui": open_ui,
}
"""What each verb does; ``attach`` is the caller's, since it shows a run that goes on."""


def run(arguments: argparse.Namespace) -> Any:
    """Do what the words say; return something to show, or None."""
    return CALLS[arguments.verb](arguments)
