"""The options of a sweep, each declared once: for ``%%sweep`` and :func:`workbench.sweep`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from workbench.options.option import Command, Option, checked
from workbench.options.run import DRY_RUN, NAME, PACKAGES, PER_WORKER, RETRIES, RETURNS, TIMEOUT, WAIT, WORKERS
from workbench.options.values import MOST_PARALLEL, one_of, parse_parallel, whole

SAMPLERS = ("tpe", "random", "grid", "gp", "cmaes", "nsga2", "auto")
PRUNERS = ("none", "asha", "hyperband", "median", "patience")

SWEPT = (
    Option(
        name="space",
        short="-s",
        metavar="SPACE",
        is_required=True,
        help='what is swept: "lr=log(1e-5,1e-1) batch=[16,32]"',
    ),
    Option(
        name="goal",
        short="-g",
        metavar="GOAL",
        is_required=True,
        help='"min loss", or "max acc"; several with commas between',
    ),
)
STUDY = (
    Option(
        name="trials",
        short="-n",
        type=int,
        default=20,
        metavar="N",
        help="how many trials the study is to have",
        check=whole("Cannot sweep with trials={}", 1),
        low=1,
    ),
    Option(
        name="parallel",
        short="-p",
        default="auto",
        metavar="P",
        help="how many at once; auto follows what is free",
        check=parse_parallel,
        low=1,
        high=MOST_PARALLEL,
    ),
    Option(
        name="subject_to",
        default="",
        metavar="BOUNDS",
        help='what the best must keep to: "latency_ms<20, size<=5"',
    ),
    Option(
        name="sampler",
        default="tpe",
        metavar="S",
        choices=SAMPLERS,
        help=", ".join(SAMPLERS),
        check=one_of("sampler", SAMPLERS),
    ),
    Option(
        name="pruner",
        default="none",
        metavar="P",
        choices=PRUNERS,
        help=", ".join(PRUNERS),
        check=one_of("pruner", PRUNERS),
    ),
    Option(name="seed", type=int, metavar="N", help="makes a sweep with --parallel 1 repeatable"),
    Option(
        name="learn_from",
        flag="--from",
        metavar="PAST",
        help="learn from an earlier study, or runs that a query finds",
    ),
    Option(
        name="no_improvement",
        type=int,
        default=0,
        usual="never",
        metavar="N",
        help="end after N trials without a better one",
        check=whole("Cannot sweep with no-improvement={}"),
        low=0,
    ),
    Option(
        name="max_failures",
        type=int,
        default=10,
        metavar="N",
        help="end the sweep after N failed trials",
        check=whole("Cannot sweep with max-failures={}", 1),
        low=1,
    ),
    Option(name="isolate", type=bool, default=False, help="give each trial a process of its own"),
    Option(name="storage", metavar="URL", usual="the project's own file", help="where Optuna keeps the study"),
)
"""The options of a study, which a run does not have."""

SAME_FOR_A_RUN = (replace(WORKERS, help="worker processes of each trial"), *PER_WORKER, WAIT, *PACKAGES)
"""The options that mean for a trial what they mean for a run."""

OF_TRIALS = (
    *SAME_FOR_A_RUN,
    replace(RETURNS, help="names that come back into the notebook from the best trial, best_params among them"),
    replace(RETRIES, help="try a failed trial's values again, R times at most"),
    replace(TIMEOUT, help="end the sweep after this time, with what it has found: seconds, 10m, 2h"),
    DRY_RUN,
)

SWEEP = Command(
    name="sweep",
    help="run a cell again and again with other values",
    description="Run this cell again and again with other values, as a study of Optuna's: to find those that are\n"
    "best for a goal. Swept names take the place of the notebook's variables and of the cell's own literals.",
    examples='  %%sweep tune --space "lr=log(1e-5,1e-1) batch=[16,32,64]" --goal "min loss"\n'
    '  %%sweep tune --space "depth=int(2,8)" --goal "max acc" --trials 50 --parallel 4 --pruner asha\n'
    "  %%sweep tune … --trials 100             again, with the same name: go on to 100 trials",
    options=(
        replace(NAME, nargs=None, help="the study's name; a study of that name goes on"),
        *SWEPT,
        *STUDY,
        *OF_TRIALS,
    ),
)


def check_study(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of a study, checked, with the defaults of those that are not given.

    >>> check_study({"trials": 5, "parallel": "auto"})["parallel"] is None
    True
    """
    return checked(STUDY, given, fill=True)
