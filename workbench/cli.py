"""``workbench`` in a terminal: the same verbs as the magics."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from workbench.errors import OptionError, RunFailedError, WorkbenchError
from workbench.options.endpoint import VERSION_OPTIONS
from workbench.options.option import given_of
from workbench.options.parser import Help, Parser
from workbench.options.run import RUN, check_options
from workbench.options.verbs import COMMAND_LINE


def main(words: Sequence[str] | None = None) -> int:
    """Run a command; return the exit code.

    It is 0 for success, 1 for a run that failed and other errors, 2 for a wrong call, 130 for Ctrl-C.
    """
    words = list(sys.argv[1:] if words is None else words)
    try:
        _run(words)
    except Help as text:
        print(text)
        return 0
    except KeyboardInterrupt:
        return 130
    except WorkbenchError as error:
        print(str(error), file=sys.stderr)
        return 2 if isinstance(error, OptionError) else 1
    return 0


def _run(words: list[str]) -> None:
    if words and words[0] in ("-V", "--version", "version"):
        from workbench.settings import package_version

        print(package_version())
        return
    if not words or words[0] == "help":
        words = ["--help"]
    arguments = Parser(COMMAND_LINE, prog="workbench", dest="command").parse(words)
    calls: dict[str, Callable[[argparse.Namespace], Any]] = {
        "train": _train,
        "runs": _runs,
        "publish": _publish,
        "endpoints": _endpoints,
    }
    shown = calls.get(arguments.command, _cluster)(arguments)
    if shown is not None:
        print(shown)


def _train(arguments: argparse.Namespace) -> str | None:
    from workbench.api.train import train_cell
    from workbench.notebook.live import LiveView
    from workbench.records.runs import RunState
    from workbench.tracking.notebook import NotebookContext

    path = Path(arguments.file)
    if not path.is_file():
        raise OptionError(f"Cannot run {arguments.file!r}: there is no such file.")
    options = check_options(**given_of(RUN, vars(arguments)))
    source = path.read_text()
    context = NotebookContext(path=path.resolve(), source=source)
    run = train_cell(source, {"__name__": "__main__"}, options, filename=str(path), line_offset=0, context=context)
    if options.wait is False:
        return f"run {run.name} ({run.id}) submitted; workbench runs logs {run.name} -f"
    snapshot = LiveView(run, is_kernel=False).hold()
    if snapshot.state is not RunState.FINISHED:
        raise RunFailedError(f"run {run.name} {snapshot.state.value}")
    return None


def _runs(arguments: argparse.Namespace) -> Any:
    from workbench.commands import runs
    from workbench.display.text import render
    from workbench.notebook.live import LiveView

    if arguments.verb == "attach":
        LiveView(runs.run_of(arguments), is_kernel=False).hold()
        return None
    shown = runs.run(arguments)
    return render(shown) if arguments.verb == "show" else shown


def _publish(arguments: argparse.Namespace) -> Any:
    from workbench.api.publish import publish
    from workbench.commands.endpoints import card

    options = given_of(VERSION_OPTIONS, vars(arguments))
    return card(publish(*arguments.model, name=arguments.name, alias=arguments.alias, wait=arguments.wait, **options))


def _endpoints(arguments: argparse.Namespace) -> Any:
    from workbench.commands import endpoints

    return endpoints.run(arguments)


def _cluster(arguments: argparse.Namespace) -> Any:
    from workbench.commands import cluster

    arguments.verb = arguments.command
    return cluster.run(arguments)


if __name__ == "__main__":
    sys.exit(main())
