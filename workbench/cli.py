"""``workbench`` in a terminal: the same verbs as the magics."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from workbench.errors import OptionError, RunFailedError, WorkbenchError, suggestion
from workbench.options.parsers import (
    RUN_VERBS,
    WORKBENCH_VERBS,
    Help,
    runs_parser,
    train_options,
    train_parser,
    workbench_parser,
)

_USAGE = """usage: workbench COMMAND ...

  train FILE [options]      run a Python file as a run         workbench train --help
  runs [VERB] ...           list, show, logs, stop, compare …  workbench runs --help
  status | up | down        the cluster                        workbench up --help
  publish MODEL [options]   make an endpoint of a model        workbench publish --help
  endpoints [VERB] ...      list, show, traffic, restore …     workbench endpoints --help
  doctor                    look for problems, with fixes
"""


def main(words: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code: 0 well, 1 the run failed, 2 the call was wrong."""
    words = list(sys.argv[1:] if words is None else words)
    try:
        return _run(words)
    except Help as text:
        print(text)
        return 0
    except KeyboardInterrupt:
        return 130
    except WorkbenchError as error:
        print(str(error), file=sys.stderr)
        return 2 if isinstance(error, OptionError) else 1


def _run(words: list[str]) -> int:
    if not words or words[0] in ("-h", "--help", "help"):
        print(_USAGE)
        return 0
    command, rest = words[0], words[1:]
    if command in ("-V", "--version", "version"):
        from workbench.settings import package_version

        print(package_version())
        return 0
    if command == "train":
        return _train(rest)
    if command == "runs":
        return _runs(rest)
    if command == "publish":
        return _publish(rest)
    if command == "endpoints":
        return _endpoints(rest)
    if command in WORKBENCH_VERBS:
        return _workbench([command, *rest])
    known = ["train", "runs", "publish", "endpoints", *WORKBENCH_VERBS]
    raise OptionError(f"Cannot {command!r}: workbench knows {', '.join(known)}.{suggestion(command, known)}")


def _train(words: list[str]) -> int:
    from workbench.api.train import train_cell
    from workbench.notebook.live import LiveView
    from workbench.records.runs import RunState
    from workbench.tracking.notebook import NotebookContext

    arguments = train_parser("workbench train", takes_file=True).parse(words)
    path = Path(arguments.file)
    if not path.is_file():
        raise OptionError(f"Cannot run {arguments.file!r}: there is no such file.")
    options = train_options(arguments)
    source = path.read_text()
    context = NotebookContext(path=path.resolve(), source=source)
    run = train_cell(source, {"__name__": "__main__"}, options, filename=str(path), line_offset=0, context=context)
    if arguments.wait is False:
        print(f"run {run.name} ({run.id}) submitted; workbench runs logs {run.name} -f")
        return 0
    snapshot = LiveView(run, is_kernel=False).hold()
    if snapshot.state is not RunState.FINISHED:
        raise RunFailedError(f"run {run.name} {snapshot.state.value}")
    return 0


def _runs(words: list[str]) -> int:
    from workbench.commands import runs

    arguments = runs_parser("workbench runs").parse(words)
    verb, arguments.words = runs.verb_of(arguments.words, RUN_VERBS, "list")
    if verb == "logs":
        runs.logs(arguments, _write)
        return 0
    if verb in ("show", "attach"):
        return _watch(runs.run_of(arguments, verb), follow=verb == "attach")
    calls: dict[str, Any] = {
        "list": runs.list_runs,
        "stop": runs.stop,
        "pause": runs.pause,
        "resume": runs.resume,
        "again": runs.again,
        "compare": runs.compare,
        "open": runs.open_notebook,
        "tidy": runs.tidy,
    }
    print(calls[verb](arguments) if verb in calls else runs.open_ui())
    return 0


def _watch(run: Any, *, follow: bool) -> int:
    from workbench.display.text import render
    from workbench.notebook.live import LiveView

    if follow:
        LiveView(run, is_kernel=False).hold()
    else:
        print(render(run.snapshot()))
    return 0


def _publish(words: list[str]) -> int:
    from workbench.api import publish as publishing
    from workbench.commands.endpoints import card
    from workbench.options.serving_parsers import publish_options, publish_parser

    arguments = publish_parser("workbench publish").parse(words)
    options = publish_options(arguments)
    endpoint = publishing.publish(*arguments.model, name=arguments.name, wait=arguments.wait, **options)
    print(card(endpoint))
    return 0


def _endpoints(words: list[str]) -> int:
    from workbench.commands import endpoints as endpoint_commands
    from workbench.options.serving_parsers import endpoints_parser

    print(endpoint_commands.run(endpoints_parser("workbench endpoints").parse(words)))
    return 0


def _workbench(words: list[str]) -> int:
    from workbench.api.project import current_project
    from workbench.commands import cluster

    arguments = workbench_parser("workbench").parse(words)
    project = current_project()
    verb = cluster.check_verb(arguments.verb)
    if verb == "status":
        print(cluster.status(project))
    elif verb == "up":
        print(cluster.up(project, arguments, lambda _: None))
    elif verb == "down":
        print(cluster.down())
    else:
        print(cluster.doctor(project))
    return 0


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
