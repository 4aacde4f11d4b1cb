"""The verbs of ``%runs``, ``%endpoints`` and ``%workbench``, with their options; and the command line's commands."""

from __future__ import annotations

from dataclasses import replace

from workbench.options.endpoint import LIMITS
from workbench.options.option import Command, Option
from workbench.options.run import TRAIN_FILE
from workbench.options.serving import PUBLISH

_WORDS = Option(name="words", is_word=True, nargs="*", help="")
_STATE = Option(name="state", is_repeated=True, metavar="STATE", help="only runs in this state")


def _tail(default: int | None = None) -> Option:
    return Option(
        name="tail", type=int, default=default, usual="200", metavar="N", help="how many lines of the log", low=0
    )


def _about(name: str, usage: str, does: str, *options: Option) -> Command:
    """Return a verb whose words name what it is about."""
    return Command(name=name, usage=usage, help=does, options=(_WORDS, *options))


RUNS = Command(
    name="runs",
    help="list, show, logs, stop, compare …",
    usage="[VERB] …",
    description="Runs of this project, newest first. A run is named by its name (the newest of it) or its id.",
    default="list",
    otherwise="list",
    verbs=(
        _about(
            "list",
            "[QUERY]",
            "the newest; words, or MLflow's filter: metrics.acc > 0.9",
            _STATE,
            Option(name="experiment", metavar="NAME", help="only runs of this experiment (a notebook's name)"),
            Option(name="sort", metavar="KEY", help="a metric or param, -KEY for the highest first; name, start"),
            Option(name="limit", type=int, default=20, metavar="N", help="at most so many", low=1),
        ),
        _about("show", "RUN", "one run"),
        _about(
            "logs",
            "RUN [--rank N] [--tail N] [--follow]",
            "what a rank printed; -f follows",
            Option(name="rank", type=int, default=0, metavar="N", help="whose log", low=0),
            _tail(200),
            Option(name="follow", short="-f", type=bool, default=False, help="go on showing the log"),
        ),
        _about("stop", "RUN", "SIGINT, then kill"),
        _about("pause", "SWEEP", "start no more trials, until: resume SWEEP"),
        _about("resume", "SWEEP", "start trials again"),
        _about(
            "again",
            "RUN [--resume]",
            "run its cell once more, on what it was given then",
            Option(name="resume", type=bool, default=False, help="go on with that run, from its last checkpoint"),
        ),
        _about("compare", "RUN RUN …", "params and metrics side by side"),
        _about("attach", "RUN", "watch it again; its returns come back"),
        _about("open", "RUN", "write its notebook out again"),
        _about(
            "tidy",
            "[QUERY] [--state STATE] [--older-than DAYS] [--yes]",
            "delete ended runs",
            _STATE,
            Option(name="older_than", type=float, metavar="DAYS", help="only runs that ended so long ago", low=0),
            Option(name="yes", type=bool, default=False, help="delete, instead of showing what would be"),
        ),
        _about("ui", "", "open MLflow's own pages"),
    ),
)

_VERSION = Option(name="version", metavar="V", help="only this version")
_CHANGES = tuple(
    replace(
        option,
        usual="",
        help={
            "rate": "requests per second and token; 0 for any number",
            "samples": "requests to keep of each version; 0 forgets them",
        }.get(option.name, option.help),
    )
    for option in LIMITS
)

ENDPOINTS = Command(
    name="endpoints",
    help="list, show, traffic, restore …",
    usage="[VERB] …",
    description="The endpoints of this cluster: watch, steer and withdraw them.",
    default="list",
    otherwise="show",
    refuses=True,
    verbs=(
        _about("list", "", "all of them"),
        _about("show", "NAME", "one: versions, traffic, latencies, how to ask it"),
        _about("traffic", "NAME VERSION=PERCENT …", "share the requests between versions: 3=90 4=10"),
        _about("promote", "NAME VERSION", "give a version all requests"),
        _about("rollback", "NAME", "share the requests as before the last change"),
        _about("shadow", "NAME VERSION|none", "give a version copies of the requests"),
        _about("scale", "NAME REPLICAS [--version V]", "how many replicas: 2, or 1..4", _VERSION),
        _about(
            "limit",
            f"NAME {' '.join(f'[{option.flags[0]} {option.metavar}]' for option in _CHANGES)}",
            "what clients may ask, and how much is kept",
            *_CHANGES,
        ),
        _about("logs", "NAME [--tail N]", "what its models printed, and what happened to it", _tail()),
        _about("samples", "NAME [--version V]", "some requests with their answers", _VERSION),
        _about("token", "NAME [LABEL]", "make a token for somebody, or list them"),
        _about("revoke", "NAME LABEL", "let a token in no more"),
        _about(
            "restore",
            "[--all]",
            "bring back what was published before the cluster ended",
            Option(name="all", type=bool, default=False, help="what any project of yours published"),
        ),
        _about("withdraw", "NAME", "end it; its models stay registered"),
    ),
)

CLUSTER = Command(
    name="workbench",
    help="the cluster",
    description="The cluster that runs are sent to.",
    default="status",
    verbs=(
        Command(name="status", help="what the cluster has, what runs, what waits"),
        Command(
            name="up",
            usage="[--address A]",
            help="start a cluster on this machine, or join one: up --address ray://host:10001",
            options=(
                Option(name="address", metavar="A", help="join this cluster: ray://host:10001, or host:6379"),
                Option(
                    name="cpus",
                    type=float,
                    metavar="N",
                    usual="this machine's",
                    help="CPUs of a cluster that is started",
                    low=0,
                ),
                Option(
                    name="gpus",
                    type=float,
                    metavar="N",
                    usual="this machine's",
                    help="GPUs of a cluster that is started",
                    low=0,
                ),
            ),
        ),
        Command(name="down", help="stop the local cluster and its runs"),
        Command(name="doctor", help="look for problems, each with its fix"),
    ),
)

COMMAND_LINE = Command(
    name="workbench",
    help="the same verbs as the magics, in a terminal",
    verbs=(TRAIN_FILE, RUNS, PUBLISH, ENDPOINTS, *CLUSTER.verbs),
)
