"""Sweeps: what a trial costs, whether ten thousand slow it down, and how good what is found is.

Peers: bare Optuna in one process on the same kind of storage, and Ray Tune with Optuna's search.
The functions of the quality part are the 24 of BBOB (Hansen et al., COCO, 2009), which come with ``coco-experiment``.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from figures import Figure

QUICK = "loss = (x - 1) ** 2 + (y - 2) ** 2"
SPACE = "x=float(-5,5) y=float(-5,5)"
TRIALS, TUNE_TRIALS, AT_ONCE = 400, 24, 4
MANY, WINDOW = 10_000, 1000
BBOB_TRIALS, BBOB_SEEDS, DIMENSION = 60, 3, 5
CURVE_S, CURVE_SEEDS = 20, 6

TUNE = """
import os, sys, time, json
os.environ["RAY_AIR_NEW_OUTPUT"] = "0"
import ray
from ray import tune
from ray.tune.search import ConcurrencyLimiter
from ray.tune.search.optuna import OptunaSearch
trials, at_once, cpus, folder = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), sys.argv[4]
ray.init(include_dashboard=False, log_to_driver=False, logging_level="ERROR")
class Quick(tune.Trainable):
    def setup(self, config): self.config = config
    def reset_config(self, config): self.config = config; return True
    def step(self):
        x, y = self.config["x"], self.config["y"]
        return {"loss": (x - 1) ** 2 + (y - 2) ** 2, "done": True}
for reuse in (False, True):
    space = {"x": tune.uniform(-5, 5), "y": tune.uniform(-5, 5)}
    began = time.time()
    tune.Tuner(
        tune.with_resources(Quick, {"cpu": cpus}), param_space=space,
        tune_config=tune.TuneConfig(metric="loss", mode="min", num_samples=trials, reuse_actors=reuse,
                                    search_alg=ConcurrencyLimiter(OptunaSearch(), at_once)),
        run_config=tune.RunConfig(storage_path=folder, name=f"quick-{reuse}", verbose=0),
    ).fit()
    print("EACH", (time.time() - began) / trials, flush=True)
"""

CURVE = """
import numpy as np
rng = np.random.default_rng(0)
W1, W2 = rng.normal(0, 0.1, (64, hidden)), rng.normal(0, 0.1, (hidden, 10))
V1, V2 = 0.0, 0.0
for epoch in range(40):
    for start in range(0, 1200, batch):
        x, y = X[start:start + batch], Y[start:start + batch]
        h = np.maximum(x @ W1, 0)
        p = np.exp(h @ W2 - (h @ W2).max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        g = (p - np.eye(10)[y]) / len(x)
        V1, V2 = momentum * V1 - lr * x.T @ ((g @ W2.T) * (h > 0)), momentum * V2 - lr * h.T @ g
        W1, W2 = W1 + V1, W2 + V2
    h = np.maximum(X[1200:] @ W1, 0) @ W2
    h = h - h.max(1, keepdims=True)
    val = float((np.log(np.exp(h).sum(1)) - h[np.arange(len(h)), Y[1200:]]).mean())
    REPORT
"""
CURVE_SPACE = "lr=log(1e-4,3) hidden=int(4,128,log) momentum=float(0,0.99) batch=[8,16,32,64,128]"
TUNE_CURVE = """
import os, sys, time
import numpy as np, ray
from ray import tune
from ray.tune.schedulers import ASHAScheduler
from ray.tune.search.optuna import OptunaSearch
from sklearn.datasets import load_digits
seconds, folder, seed = float(sys.argv[1]), sys.argv[2], int(sys.argv[3])
ray.init(include_dashboard=False, log_to_driver=False, logging_level="ERROR")
X, Y = load_digits(return_X_y=True)
X = X / 16
def train(config):
    lr, hidden, momentum, batch = config["lr"], config["hidden"], config["momentum"], config["batch"]
BODY
space = {"lr": tune.loguniform(1e-4, 3), "hidden": tune.lograndint(4, 129), "momentum": tune.uniform(0, 0.99),
         "batch": tune.choice([8, 16, 32, 64, 128])}
found = tune.Tuner(
    tune.with_resources(train, {"cpu": 1}), param_space=space,
    tune_config=tune.TuneConfig(metric="val", mode="min", num_samples=-1, time_budget_s=seconds, reuse_actors=True,
                                search_alg=OptunaSearch(seed=seed),
                                scheduler=ASHAScheduler(max_t=40, grace_period=1, reduction_factor=3)),
    run_config=tune.RunConfig(storage_path=folder, name=f"curve-{seed}", verbose=0),
).fit()
frames = [r.metrics_dataframe for r in found if r.metrics_dataframe is not None]
best = min(frame["val"].min() for frame in frames if "val" in frame)  # some were cut off before their first report
print("BEST", best, len(found), flush=True)
"""


def measure(folder: Path) -> list[Figure]:
    """The figures; peers first, ours in the same minutes."""
    from workbench.cluster import connection, local

    cpus = (os.cpu_count() or 2) / AT_ONCE
    connection.disconnect()
    local.stop()
    tune, tune_reused = _printed("EACH", TUNE, str(TUNE_TRIALS), str(AT_ONCE), str(cpus), str(folder / "tune"))
    bare = _bare(folder / "bare.journal", TRIALS)
    ours = _sweep_time("cost", TRIALS, AT_ONCE, cpus)
    figures = [
        Figure(f"a trial of nothing, {AT_ONCE} at once (mean of {TRIALS}), against Ray Tune", _ms(ours), _ms(tune[0]),
               f"{tune[0] / ours:.0f} times less", "at most 20 ms; at least 75 times less"),
        Figure("the same against Ray Tune with `reuse_actors`", _ms(ours), _ms(tune_reused[0]),
               f"{tune_reused[0] / ours:.0f} times less", "at least 75 times less"),
        Figure("the same against bare Optuna in one process, same kind of storage", _ms(ours), _ms(bare),
               f"{ours / bare:.2f} of its time", "at most 1.5"),
    ]  # fmt: skip
    for figure in figures:
        print(f"  {figure.what}: {figure.ours}; {figure.peer}; {figure.ratio}", flush=True)
    for part in (lambda: _many(folder, cpus), lambda: [_quality()], lambda: [_curves(folder)]):
        for figure in part():
            print(f"  {figure.what}: {figure.ours}; {figure.peer}; {figure.ratio}", flush=True)
            figures.append(figure)
    return figures


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms" if seconds < 0.5 else f"{seconds:.2f} s"


def _printed(mark: str, code: str, *arguments: str) -> list[list[float]]:
    """The numbers on each line that a script prints with a mark."""
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)
    lines = [line.split()[1:] for line in done.stdout.splitlines() if line.startswith(mark)]
    if not lines:
        raise RuntimeError(done.stderr[-3000:])
    return [[float(word) for word in line] for line in lines]


def _bare(path: Path, trials: int) -> float:
    """Seconds a trial of Optuna's own loop, with its own default sampler."""
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(storage=JournalStorage(JournalFileBackend(str(path))))
    began = time.perf_counter()
    study.optimize(
        lambda trial: (trial.suggest_float("x", -5, 5) - 1) ** 2 + (trial.suggest_float("y", -5, 5) - 2) ** 2,
        n_trials=trials,
    )
    return (time.perf_counter() - began) / trials


def _sweep_time(name: str, trials: int, parallel: int, cpus: float) -> float:
    """Seconds a trial, from when all workers run to the last trial's end."""
    import workbench

    workbench.train("pass", name="warm-up", wait=True)
    run = workbench.sweep(
        QUICK, SPACE, "min loss", name=name, trials=trials + parallel * 10, parallel=parallel, cpus_per_worker=cpus
    )
    while (getattr(run.snapshot().sweep, "teams", 0)) < parallel and not run.state.is_terminal:
        time.sleep(0.02)
    all_there = time.time()
    run.result()
    ended = [trial.datetime_complete.timestamp() for trial in workbench.study(name).trials]
    counted = [at for at in ended if at > all_there]
    return (max(counted) - all_there) / len(counted)


def _many(folder: Path, cpus: float) -> list[Figure]:
    """Ten thousand trials while somebody looks at the study."""
    import workbench
    from workbench.bridge.line import as_json
    from workbench.bridge.verbs import Verbs
    from workbench.sweeps.studies import storage_id

    run = workbench.sweep(QUICK, SPACE, "min loss", name="many", trials=MANY, parallel=AT_ONCE, cpus_per_worker=cpus)
    looks: list[float] = []

    def look() -> None:
        verbs, place, after = Verbs(folder).studies, storage_id(str(folder / ".workbench" / "studies.journal")), 0
        study_id = next(s.study_id for s in verbs.studies()["studies"] if s.name == "many")
        while not run.state.is_terminal:
            began = time.perf_counter()
            answer = json.loads(as_json(verbs.study(place, study_id, after)))
            looks.append(time.perf_counter() - began)
            open_ones = [n for n, state in zip(answer["numbers"], answer["states"], strict=True) if state == "running"]
            after = min(open_ones, default=max(answer["numbers"], default=after))
            time.sleep(1.0)

    time.sleep(3.0)
    looker = threading.Thread(target=look)
    looker.start()
    run.wait()
    looker.join()
    ended = sorted(trial.datetime_complete.timestamp() for trial in workbench.study("many").trials)
    early = (ended[2 * WINDOW] - ended[WINDOW]) / WINDOW
    late = (ended[-1] - ended[-1 - WINDOW]) / WINDOW
    bare = _bare(folder / "longer.journal", 3000)
    return [
        Figure(f"a trial of the last {WINDOW:,} of {MANY:,}, against the second {WINDOW:,}, with a view open",
               _ms(late), _ms(early), f"{late / early:.2f} of their time", "at most 2"),
        Figure("the mean of 3,000 trials of bare Optuna, against our last of 10,000", _ms(late), _ms(bare),
               f"{bare / late:.1f} times less", ""),
        Figure("a look of the Study view at what is new", _ms(statistics.median(looks)), "", "", ""),
    ]  # fmt: skip


def _quality() -> Figure:
    """Best values on BBOB by our default and by Optuna's own TPE, both with two trials at once."""
    import cocoex

    suite = cocoex.Suite("bbob", "", f"dimensions:{DIMENSION} instance_indices:1")
    better = worse = 0
    for function in suite:
        one = statistics.median(_ours_on(function, seed) for seed in range(BBOB_SEEDS))
        other = statistics.median(_theirs_on(function, seed) for seed in range(BBOB_SEEDS))
        better, worse = better + (one < other), worse + (one > other)
    equal = len(suite) - better - worse
    return Figure(
        f"BBOB, 24 functions of {DIMENSION} numbers, {BBOB_TRIALS} trials, two at once, medians of {BBOB_SEEDS}, "
        "against Optuna's TPE",
        f"better on {better}", f"better on {worse}", f"equal on {equal}", "as good",
    )  # fmt: skip


def _theirs_on(function: Any, seed: int) -> float:
    import optuna

    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))

    def begun() -> tuple[Any, list[float]]:
        trial = study.ask()
        return trial, [trial.suggest_float(f"x{i}", -5, 5) for i in range(DIMENSION)]

    running = [begun(), begun()]
    for number in range(BBOB_TRIALS):
        trial, point = running[number % 2]
        study.tell(trial, float(function(point)))
        if number < BBOB_TRIALS - 2:
            running[number % 2] = begun()
    return study.best_value


def _ours_on(function: Any, seed: int) -> float:
    import tempfile

    from workbench.sweeps.conductor import Conductor
    from workbench.sweeps.goal import parse_goals
    from workbench.sweeps.plan import SweepPlan
    from workbench.sweeps.space_parser import parse_space

    space = parse_space(" ".join(f"x{i}=float(-5,5)" for i in range(DIMENSION)))
    with tempfile.TemporaryDirectory() as folder:
        conductor = Conductor(
            SweepPlan("bbob", f"{folder}/j", space, parse_goals("min f"), trials=BBOB_TRIALS, seed=seed, parallel=2)
        )
        running = [conductor.ask("a"), conductor.ask("b")]
        while any(running):
            for index, team in enumerate("ab"):
                task = running[index]
                if task is not None:
                    value = float(function([task.values[f"x{i}"] for i in range(DIMENSION)]))
                    conductor.tell(task.number, "complete", [value])
                    running[index] = conductor.ask(team)
        best = conductor.summary().best
    assert best is not None
    return best


def _curves(folder: Path) -> Figure:
    """The lowest validation loss of a small network on digits, found in the same time."""
    from sklearn.datasets import load_digits

    import __main__
    import workbench
    from workbench.cluster import connection, local

    X, Y = load_digits(return_X_y=True)
    __main__.X, __main__.Y = X / 16, Y
    body = "\n".join(f"    {line}" for line in CURVE.replace("REPORT", 'tune.report({"val": val})').splitlines())
    theirs, ours, counts = [], [], []
    connection.disconnect()
    local.stop()
    for seed in range(CURVE_SEEDS):
        code = TUNE_CURVE.replace("BODY", body)
        best, count = _printed("BEST", code, str(CURVE_S), str(folder / "tune"), str(seed))[0]
        theirs.append(best)
        counts.append([int(count)])
    workbench.train("pass", name="warm-up", wait=True)
    cell = "from workbench import log\n" + CURVE.replace("REPORT", "log(val=val, step=epoch)")
    for seed in range(CURVE_SEEDS):
        name = f"curve-{seed}"
        run = workbench.sweep(
            cell, CURVE_SPACE, "min val", name=name, trials=100_000, pruner="median", seed=seed, timeout=CURVE_S,
            max_failures=1000,
        )  # fmt: skip
        run.wait()
        trials = workbench.study(name).trials
        reported = [value for trial in trials for value in trial.intermediate_values.values() if value == value]
        ours.append(min(reported))
        counts[seed].append(len(trials))
    one, other = statistics.median(ours), statistics.median(theirs)
    many = [statistics.median(column) for column in zip(*counts, strict=True)]
    return Figure(
        f"digits, a small network's lowest validation loss in {CURVE_S} s, medians of {CURVE_SEEDS}, "
        "with `--pruner median` against Ray Tune with ASHA and `reuse_actors`",
        f"{one:.4f} ({many[1]:.0f} trials)", f"{other:.4f} ({many[0]:.0f} trials)",
        f"{100 * abs(1 - one / other):.1f} % {'lower' if one < other else 'higher'}", "lower",
    )  # fmt: skip
