"""The words after a magic or on the command line: one grammar for both."""

from __future__ import annotations

import argparse
import shlex
from typing import Any, NoReturn

from workbench.errors import OptionError, suggestion
from workbench.options.run import ENGINES, check_options
from workbench.records.runs import RunOptions


class Help(Exception):
    """Asked for with ``--help``; its text is the argument."""


class Parser(argparse.ArgumentParser):
    """An argument parser that raises instead of ending the process, and suggests the nearest option."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("add_help", False)
        kwargs.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        kwargs.setdefault("allow_abbrev", False)
        super().__init__(*args, **kwargs)
        self.add_argument("-h", "--help", action=_HelpAction, nargs=0, help="show this text")

    def error(self, message: str) -> NoReturn:
        raise OptionError(f"Cannot read {self.prog}: {message}. {self.prog} --help shows all options.")

    def option_names(self) -> list[str]:
        """All options, for completion and suggestions."""
        return sorted({name for action in self._actions for name in action.option_strings if name.startswith("--")})

    def parse(self, words: list[str]) -> argparse.Namespace:
        """Parse; ``OptionError`` names an unknown option and the nearest known one, ``Help`` carries the help."""
        known, unknown = self.parse_known_args(self._with_dashed_values(words))
        if unknown:
            first = unknown[0]
            near = suggestion(first.split("=")[0], self.option_names())
            raise OptionError(
                f"Cannot use {first!r} with {self.prog}: it is not known.{near} {self.prog} --help shows all options."
            )
        return known

    def _with_dashed_values(self, words: list[str]) -> list[str]:
        """``--sort -acc`` means what ``--sort=-acc`` does; argparse takes ``-acc`` for an option."""
        options = {name: action for action in self._actions for name in action.option_strings}
        joined: list[str] = []
        for word in words:
            before = options.get(joined[-1]) if joined else None
            if before is not None and before.nargs is None and word.startswith("-") and word not in options:
                joined[-1] = f"{joined[-1]}={word}"
            else:
                joined.append(word)
        return joined


class _HelpAction(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: Any, **__: Any) -> None:
        raise Help(parser.format_help())


def split(line: str) -> list[str]:
    """A magic's line as words; quotes group, as in a shell."""
    try:
        return shlex.split(line)
    except ValueError as error:
        raise OptionError(f"Cannot read {line!r}: {error}. Close the quotation mark.") from None


def train_parser(prog: str = "%%train", *, takes_file: bool = False) -> Parser:
    """The options of a run; on the command line a file comes first, and the name is an option."""
    parser = Parser(
        prog=prog,
        description="Run this cell as a tracked, distributed run. Variables, functions and classes that it reads\n"
        "travel along; names after --returns come back.",
        epilog="examples:\n"
        "  %%train                                one worker\n"
        "  %%train digits --workers 2 --returns model\n"
        "  %%train big --workers 4 --gpus-per-worker 1 --timeout 2h\n"
        "  %%train digits --resume digits         go on from its last checkpoint\n"
        "  %%train --dry-run                      show what would leave the kernel",
    )
    add = parser.add_argument
    if takes_file:
        add("file", help="the Python file")
        add("--name", help="a name for the run; none takes the file's")
    else:
        add("name", nargs="?", help="a name for the run; none makes one of the notebook's")
    add("--workers", "-w", type=int, default=1, metavar="N", help="worker processes (default 1)")
    _add_run_options(parser)
    add("--resume", metavar="RUN", help="go on with an ended run, from its last checkpoint")
    add("--engine", default="crew", metavar="|".join(ENGINES), help="what runs the workers (default crew)")
    return parser


def _add_run_options(
    parser: Parser,
    *,
    retries: str = "start again after an error of the cell, R times at most",
    timeout: str = "end it as failed after this time: seconds, 10m, 2h",
    returns: str = "names that come back into the notebook from rank 0",
) -> None:
    """What runs and sweeps are asked in the same words; some mean a little less or more."""
    add = parser.add_argument
    add(
        "--cpus-per-worker",
        type=float,
        metavar="N",
        help="CPUs to reserve for each (default: one, and the workers of a node share all of its cores)",
    )
    add("--gpus-per-worker", type=float, default=0.0, metavar="G", help="GPUs for each; 0.5 shares one")
    add("--memory", metavar="M", help="memory to reserve for each: MiB, or 2G")
    add("--returns", "-r", default="", metavar="A,B", help=returns)
    add("--wait", dest="wait", action="store_true", default=None, help="hold this cell until the run ends")
    add("--no-wait", dest="wait", action="store_false", help="never hold the cell")
    add("--retries", type=int, default=0, metavar="R", help=retries)
    add("--timeout", metavar="T", help=timeout)
    add("--pip", action="append", nargs="+", default=[], metavar="PKG", help="packages for this run alone")
    add("--env", action="append", nargs="+", default=[], metavar="K=V", help="environment variables for this run alone")
    add("--dry-run", action="store_true", help="show what would leave the kernel, and start nothing")


def sweep_parser(prog: str = "%%sweep") -> Parser:
    """The options of a sweep."""
    parser = Parser(
        prog=prog,
        description="Run this cell again and again with other values, as a study of Optuna's: to find those that are\n"
        "best for a goal. Swept names take the place of the notebook's variables and of the cell's own literals.",
        epilog="examples:\n"
        '  %%sweep tune --space "lr=log(1e-5,1e-1) batch=[16,32,64]" --goal "min loss"\n'
        '  %%sweep tune --space "depth=int(2,8)" --goal "max acc" --trials 50 --parallel 4 --pruner asha\n'
        "  %%sweep tune … --trials 100             again, with the same name: go on to 100 trials",
    )
    add = parser.add_argument
    add("name", help="the study's name; a study of that name goes on")
    add("--space", "-s", required=True, metavar="SPACE", help='what is swept: "lr=log(1e-5,1e-1) batch=[16,32]"')
    add("--goal", "-g", required=True, metavar="GOAL", help='"min loss", or "max acc"; several with commas between')
    add("--trials", "-n", type=int, default=20, metavar="N", help="how many trials the study is to have (default 20)")
    add("--parallel", "-p", default="auto", metavar="P", help="how many at once; auto follows what is free (default)")
    add("--workers", "-w", type=int, default=1, metavar="N", help="worker processes of each trial (default 1)")
    add("--subject-to", default="", metavar="BOUNDS", help='what the best must keep to: "latency_ms<20, size<=5"')
    add("--sampler", default="tpe", metavar="S", help="tpe, random, grid, gp, cmaes, nsga2, auto (default tpe)")
    add("--pruner", default="none", metavar="P", help="asha, hyperband, median, patience, none (default none)")
    add("--seed", type=int, metavar="N", help="makes a sweep with --parallel 1 repeatable")
    add("--from", dest="learn_from", metavar="PAST", help="learn from an earlier study, or runs that a query finds")
    add("--no-improvement", type=int, default=0, metavar="N", help="end after N trials without a better one")
    add("--max-failures", type=int, default=10, metavar="N", help="end the sweep after N failed trials (default 10)")
    add("--isolate", action="store_true", help="give each trial a process of its own")
    add("--storage", metavar="URL", help="where Optuna keeps the study (default: the project's own file)")
    _add_run_options(
        parser,
        retries="try a failed trial's values again, R times at most",
        timeout="end the sweep after this time, with what it has found: seconds, 10m, 2h",
        returns="names that come back into the notebook from the best trial, best_params among them",
    )
    return parser


SWEEP_OPTIONS = (
    "trials",
    "parallel",
    "subject_to",
    "sampler",
    "pruner",
    "seed",
    "learn_from",
    "no_improvement",
    "max_failures",
    "isolate",
    "storage",
)
"""The options of a sweep that a run does not have, as :func:`workbench.sweep` names them."""


def sweep_options(arguments: argparse.Namespace) -> dict[str, Any]:
    """Those of :data:`SWEEP_OPTIONS` that were given, or their defaults."""
    return {name: getattr(arguments, name) for name in SWEEP_OPTIONS}


def train_options(arguments: argparse.Namespace) -> RunOptions:
    """Checked options from parsed ones."""
    return check_options(
        name=arguments.name,
        workers=getattr(arguments, "workers", 1),
        cpus_per_worker=arguments.cpus_per_worker,
        gpus_per_worker=arguments.gpus_per_worker,
        memory=arguments.memory,
        returns=arguments.returns,
        wait=arguments.wait,
        retries=arguments.retries,
        timeout=arguments.timeout,
        resume=getattr(arguments, "resume", None),
        pip=[word for words in arguments.pip for word in words],
        env=[word for words in arguments.env for word in words],
        engine=getattr(arguments, "engine", "crew"),
        dry_run=arguments.dry_run,
    )


RUN_VERBS = ("list", "show", "logs", "stop", "pause", "resume", "again", "compare", "attach", "open", "tidy", "ui")


def runs_parser(prog: str = "%runs") -> Parser:
    """List, filter, show, stop … runs."""
    parser = Parser(
        prog=prog,
        description="Runs of this project, newest first. A run is named by its name (the newest of it) or its id.",
        epilog="verbs:\n"
        "  [QUERY]                  list; words, or MLflow's filter: metrics.acc > 0.9\n"
        "  show RUN                 one run\n"
        "  logs RUN [--rank N] [-f] what a rank printed; -f follows\n"
        "  stop RUN                 SIGINT, then kill\n"
        "  pause SWEEP              start no more trials, until: resume SWEEP\n"
        "  again RUN [--resume]     run its cell once more, on what it was given then\n"
        "  compare RUN RUN …        params and metrics side by side\n"
        "  attach RUN               watch it again; its returns come back\n"
        "  open RUN                 write its notebook out again\n"
        "  tidy [--older-than D]    delete ended runs\n"
        "  ui                       open MLflow's own pages",
    )
    add = parser.add_argument
    add("words", nargs="*", help="a verb and its runs, or a query")
    add("--state", action="append", metavar="STATE", help="only runs in this state")
    add("--experiment", metavar="NAME", help="only runs of this experiment (a notebook's name)")
    add("--sort", metavar="KEY", help="a metric or param, -KEY for the highest first; name, start")
    add("--limit", type=int, default=20, metavar="N", help="at most so many (default 20)")
    add("--rank", type=int, default=0, metavar="N", help="whose log (default 0)")
    add("--tail", type=int, default=200, metavar="N", help="how many lines of it (default 200)")
    add("-f", "--follow", action="store_true", help="go on showing the log")
    add("--resume", action="store_true", help="again: go on with that run, from its last checkpoint")
    add("--older-than", type=float, metavar="DAYS", help="tidy: only runs that ended so long ago")
    add("--yes", action="store_true", help="tidy: delete, instead of showing what would be")
    return parser


WORKBENCH_VERBS = ("status", "up", "down", "doctor")


def workbench_parser(prog: str = "%workbench") -> Parser:
    """The cluster."""
    parser = Parser(
        prog=prog,
        description="The cluster that runs are sent to.",
        epilog="verbs:\n"
        "  status     what it has, what runs, what waits\n"
        "  up         start one on this machine, or join one: up --address ray://host:10001\n"
        "  down       stop the local cluster and its runs\n"
        "  doctor     look for problems, each with its fix",
    )
    add = parser.add_argument
    add("verb", nargs="?", default="status", help="status, up, down, doctor")
    add("--address", metavar="A", help="join this cluster: ray://host:10001, or host:6379")
    add("--cpus", type=float, metavar="N", help="CPUs of a cluster that is started (default: this machine's)")
    add("--gpus", type=float, metavar="N", help="GPUs of a cluster that is started (default: this machine's)")
    return parser
