"""The options of a run, each declared once: for ``%%train``, ``workbench train`` and :func:`workbench.train`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from typing import Any, TypedDict

from workbench.options.option import Command, Option, checked
from workbench.options.values import (
    MEMORY_PATTERN,
    TIME_PATTERN,
    amount,
    one_of,
    parse_memory,
    parse_name,
    parse_names,
    parse_packages,
    parse_time,
    parse_variables,
    whole,
    whole_gpus,
)
from workbench.records.runs import Resources, RunOptions

ENGINES = ("crew", "ray-train")

NAME = Option(
    name="name",
    help="the run's name; none makes one of the notebook's",
    check=parse_name,
    is_word=True,
    nargs="?",
    forms=("train",),
    label="Name",
    placeholder="made of the notebook’s name",
)
WORKERS = Option(
    name="workers",
    short="-w",
    type=int,
    default=1,
    metavar="N",
    help="worker processes",
    check=whole("Cannot run with workers={}", 1),
    forms=("train",),
    label="Workers",
    low=1,
)
RESUME = Option(name="resume", metavar="RUN", help="go on with an ended run, from its last checkpoint")
ENGINE = Option(
    name="engine", default="crew", choices=ENGINES, help="what runs the workers", check=one_of("engine", ENGINES)
)

PER_WORKER = (
    Option(
        name="cpus_per_worker",
        type=float,
        metavar="N",
        usual="one, and the workers of a node share all of its cores",
        help="CPUs to reserve for each",
        check=amount("cpus-per-worker"),
        low=0,
    ),
    Option(
        name="gpus_per_worker",
        type=float,
        default=0.0,
        usual="0",
        metavar="G",
        help="GPUs for each; 0.5 shares one",
        check=whole_gpus,
        forms=("train",),
        label="GPUs per worker",
        low=0,
    ),
    Option(
        name="memory",
        field="memory_mb",
        unit="MiB",
        metavar="M",
        help="memory to reserve for each: MiB, or 2G",
        check=parse_memory,
        pattern=MEMORY_PATTERN,
    ),
)
WAIT = Option(name="wait", type=bool, help="hold this cell until the run ends, or never")
PACKAGES = (
    Option(
        name="pip",
        default=(),
        nargs="+",
        is_repeated=True,
        metavar="PKG",
        help="packages for this run alone",
        check=parse_packages,
    ),
    Option(
        name="env",
        default=(),
        nargs="+",
        is_repeated=True,
        metavar="K=V",
        help="environment variables for this run alone",
        check=parse_variables,
    ),
)
RETURNS = Option(
    name="returns",
    short="-r",
    default="",
    metavar="A,B",
    help="names that come back into the notebook from rank 0",
    check=parse_names,
    forms=("train",),
    label="Names that come back",
    placeholder="model, history",
)
RETRIES = Option(
    name="retries",
    type=int,
    default=0,
    metavar="R",
    help="start again after an error of the cell, R times at most",
    check=whole("Cannot retry {} times"),
    low=0,
)
TIMEOUT = Option(
    name="timeout",
    field="timeout_s",
    unit="s",
    metavar="T",
    help="end it as failed after this time: seconds, 10m, 2h",
    check=parse_time,
    pattern=TIME_PATTERN,
)
DRY_RUN = Option(name="dry_run", type=bool, default=False, help="show what would leave the kernel, and start nothing")

RUN = (NAME, WORKERS, *PER_WORKER, RETURNS, WAIT, RETRIES, TIMEOUT, *PACKAGES, DRY_RUN, RESUME, ENGINE)

TRAIN = Command(
    name="train",
    help="run a cell as a run",
    description="Run this cell as a tracked, distributed run. Variables, functions and classes that it reads\n"
    "travel along; names after --returns come back.",
    examples="  %%train                                one worker\n"
    "  %%train digits --workers 2 --returns model\n"
    "  %%train big --workers 4 --gpus-per-worker 1 --timeout 2h\n"
    "  %%train digits --resume digits         go on from its last checkpoint\n"
    "  %%train --dry-run                      show what would leave the kernel",
    options=RUN,
)
TRAIN_FILE = replace(
    TRAIN,
    help="run a Python file as a run",
    usage="FILE [options]",
    description="Run a Python file as a tracked, distributed run.",
    examples="  workbench train fit.py\n  workbench train fit.py --name digits --workers 2 --timeout 2h",
    options=(
        Option(name="file", help="the Python file", is_word=True),
        replace(NAME, is_word=False, nargs=None, metavar="NAME", help="the run's name; none takes the file's"),
        *RUN[1:],
    ),
)

_RESOURCES = {field.name for field in fields(Resources)}


class RunKeywords(TypedDict, total=False):
    """The options of a run that :func:`workbench.sweep` passes on to each trial."""

    workers: int
    cpus_per_worker: float | None
    gpus_per_worker: float
    memory: int | str | None
    returns: str | Iterable[str]
    retries: int
    timeout: float | str | None
    resume: str | None
    pip: Iterable[str]
    env: Mapping[str, str] | Iterable[str]
    engine: str


def check_options(**given: Any) -> RunOptions:
    """Return the options of a run as a record.

    >>> check_options(workers=2, timeout="10m").timeout_s
    600.0

    Raises ``OptionError`` for the first that cannot be used, and names the fix.
    """
    found = checked(RUN, given, fill=True)
    resources = Resources(**{name: found.pop(name) for name in [*found] if name in _RESOURCES})
    return RunOptions(resources=resources, **found)
