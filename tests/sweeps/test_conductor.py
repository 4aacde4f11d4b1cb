"""Optuna asked and told, for several workers at once."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import optuna
import pytest

from workbench.errors import OptionError
from workbench.sweeps.conductor import Conductor
from workbench.sweeps.goal import parse_goals
from workbench.sweeps.plan import SweepPlan
from workbench.sweeps.space_parser import parse_space
from workbench.sweeps.studies import open_storage


def plan(tmp_path: Path, **changes: Any) -> SweepPlan:
    given: dict[str, Any] = {
        "name": "square",
        "storage": str(tmp_path / "studies.journal"),
        "space": parse_space("x=float(-1,1)"),
        "goals": parse_goals("min loss"),
        "trials": 10,
        **changes,
    }
    return SweepPlan(**given)


def run(conductor: Conductor, holder: str = "w") -> int:
    """Run trials until there are none; how many it ran."""
    count = 0
    while task := conductor.ask(holder):
        count += 1
        conductor.tell(task.number, "complete", [task.values["x"] ** 2])
    return count


def test_sweep_has_as_many_trials_as_asked_for_and_goes_on_to_more(tmp_path: Path) -> None:
    assert run(Conductor(plan(tmp_path))) == 10
    again = Conductor(plan(tmp_path, trials=15))
    assert run(again) == 5
    summary = again.summary()
    assert (summary.done, summary.running, summary.is_over) == (15, 0, True)
    study = optuna.load_study(study_name="square", storage=open_storage(str(tmp_path / "studies.journal")))
    assert (len(study.trials), study.best_value) == (15, summary.best)


def test_four_workers_share_the_trials(tmp_path: Path) -> None:
    conductor = Conductor(plan(tmp_path, trials=40))
    counts: list[int] = []
    workers = [threading.Thread(target=lambda n=n: counts.append(run(conductor, f"w{n}"))) for n in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sum(counts) == 40


def test_trial_of_a_worker_that_is_gone_has_failed(tmp_path: Path) -> None:
    conductor = Conductor(plan(tmp_path, trials=2))
    task = conductor.ask("gone")
    assert task is not None
    conductor.release("gone")
    assert conductor.report(task.number, 0, 1.0) == "stop"
    assert conductor.summary().failed == 1
    other = Conductor(plan(tmp_path, trials=3))
    assert other.ask("lost") is not None
    assert Conductor(plan(tmp_path, trials=3)).summary().failed == 2


def test_bad_trial_is_pruned(tmp_path: Path) -> None:
    conductor = Conductor(plan(tmp_path, pruner="median", trials=8, sampler="random", seed=1))
    orders = []
    for number in range(8):
        task = conductor.ask("w")
        assert task is not None
        value = 1.0 if number < 7 else 100.0
        orders = [conductor.report(task.number, step, value) for step in range(3)]
        conductor.tell(task.number, "pruned" if "prune" in orders else "complete", [value])
    assert "prune" in orders
    assert conductor.summary().pruned == 1


def test_trial_can_be_pruned_by_hand(tmp_path: Path) -> None:
    conductor = Conductor(plan(tmp_path))
    task = conductor.ask("w")
    assert task is not None
    assert conductor.order(task.number, "prune")
    assert conductor.report(task.number, 0, 1.0) == "prune"
    assert not conductor.order(99, "prune")


def test_too_many_failures_end_the_sweep(tmp_path: Path) -> None:
    conductor = Conductor(plan(tmp_path, max_failures=3))
    for _ in range(3):
        task = conductor.ask("w")
        assert task is not None
        conductor.tell(task.number, "fail")
    assert conductor.ask("w") is None
    assert "3 trials failed" in conductor.summary().problem
    assert conductor.summary().is_over


def test_only_the_best_trials_values_are_kept(tmp_path: Path) -> None:
    conductor = Conductor(plan(tmp_path))
    first, second = conductor.ask("w"), conductor.ask("w")
    assert first is not None
    assert second is not None
    assert conductor.tell(first.number, "complete", [1.0])
    conductor.keep(first.number, (b"first", ("model",), "", ()))
    assert not conductor.tell(second.number, "complete", [2.0])
    conductor.keep(second.number, (b"second", ("model",), "", ()))
    assert conductor.returns() == ((("model",), "", ()), b"first")


def test_study_goes_on_with_other_ranges_but_not_with_other_choices(tmp_path: Path) -> None:
    run(Conductor(plan(tmp_path, space=parse_space("x=float(-1,1) kind=['a','b']"))))
    wider = Conductor(plan(tmp_path, space=parse_space("x=float(-2,2) kind=['a','b']"), trials=12))
    assert run(wider) == 2
    for other in ("x=float(-1,1) kind=['a','c']", "x=int(-1,1) kind=['a','b']"):
        with pytest.raises(OptionError, match="another name"):
            Conductor(plan(tmp_path, space=parse_space(other), trials=14))


def test_limits_end_a_sweep(tmp_path: Path) -> None:
    conductor = Conductor(plan(tmp_path, trials=100, no_improvement=3))
    for value in (1.0, 2.0, 3.0, 4.0):
        task = conductor.ask("w")
        assert task is not None
        conductor.tell(task.number, "complete", [value])
    assert conductor.ask("w") is None
    assert "no better trial among the last 3" in conductor.summary().ended_by
    timed = Conductor(plan(tmp_path, name="timed", trials=100, limit_s=0.05))
    assert timed.summary().ended_by == ""  # it counts from the first trial
    task = timed.ask("w")
    assert task is not None
    time.sleep(0.1)
    assert timed.report(task.number, 0, 1.0) == "prune"
    assert timed.ask("w") is None


def test_followers_get_their_leaders_task(tmp_path: Path) -> None:
    conductor = Conductor(plan(tmp_path, trials=1))
    assert conductor.task_after("w", 0) is None
    task = conductor.ask("w", 4711)
    assert task is not None
    assert conductor.task_after("w", 0) == (task,)
    assert (task.turn, task.port) == (1, 4711)
    conductor.end_part("w", 1, 1, "rank one failed")
    assert conductor.ends("w") == (1, "rank one failed")
    conductor.tell(task.number, "fail")
    assert conductor.ask("w") is None
    assert conductor.task_after("w", 1) == (None,)


def test_failure_is_told_once(tmp_path: Path) -> None:
    conductor = Conductor(plan(tmp_path, max_failures=1, trials=5))
    task = conductor.ask("w")
    assert task is not None
    assert conductor.release("w") == 1
    assert not conductor.tell(task.number, "fail")
    assert conductor.summary().problem == ""  # a lost worker is no fault of the cell's
    assert conductor.ask("w") is not None


def test_seed_makes_a_sweep_repeatable(tmp_path: Path) -> None:
    def values(name: str) -> list[float]:
        conductor = Conductor(plan(tmp_path, name=name, seed=7, trials=15))
        found = []
        while task := conductor.ask("w"):
            found.append(task.values["x"])
            conductor.tell(task.number, "complete", [task.values["x"] ** 2])
        return found

    assert values("a") == values("b")


def test_cells_own_values_come_first(tmp_path: Path) -> None:
    task = Conductor(plan(tmp_path, defaults={"x": 0.25})).ask("w")
    assert task is not None
    assert task.values == {"x": 0.25}


def test_several_goals_have_a_front_and_no_best(tmp_path: Path) -> None:
    conductor = Conductor(plan(tmp_path, goals=parse_goals("min loss, max acc"), sampler="nsga2", trials=5))
    while task := conductor.ask("w"):
        assert conductor.report(task.number, 0, 1.0) == ""
        conductor.tell(task.number, "complete", [task.values["x"] ** 2, task.values["x"]])
    assert conductor.summary().best is None
    study = optuna.load_study(study_name="square", storage=open_storage(str(tmp_path / "studies.journal")))
    assert study.best_trials
    with pytest.raises(OptionError, match="another name"):
        Conductor(plan(tmp_path))


@pytest.mark.parametrize("sampler", ["tpe", "random", "grid", "gp", "cmaes", "nsga2"])
def test_every_sampler_takes_the_space(sampler: str, tmp_path: Path) -> None:
    if sampler == "gp":
        pytest.importorskip("torch")
    space = parse_space("x=float(-1,1,step=0.5) n=int(1,3)")
    conductor = Conductor(plan(tmp_path, space=space, sampler=sampler, trials=12))
    assert run(conductor) == 12


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"sampler": "tp"}, "Did you mean 'tpe'"),
        ({"pruner": "asah"}, "Did you mean 'asha'"),
        ({"sampler": "grid"}, "no end of values"),
    ],
)
def test_what_cannot_be_is_named(changes: dict[str, Any], words: str, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=words):
        Conductor(plan(tmp_path, **changes))


@pytest.mark.parametrize("text", ["loss", "minimum loss", "min", "min a, min a", ""])
def test_goal_that_cannot_be_read_is_named(text: str) -> None:
    with pytest.raises(OptionError, match="Cannot aim"):
        parse_goals(text)
