"""The same two-worker cell in stock Ray Train, and a trivial script as a Ray Job."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from cells import ONE, TWO_TORCH, time_run, wait_for_spares
from figures import Figure, seconds, times_sooner

RUNS = 3
TRAINER = """
import os, sys, time
import ray
from ray.train import RunConfig, ScalingConfig
from ray.train.torch import TorchConfig, TorchTrainer

def loop(config):
    open(config["path"] + str(ray.train.get_context().get_world_rank()), "w").write(str(time.time()))
    import torch, torch.distributed as dist
    dist.all_reduce(torch.ones(1))

ray.init(include_dashboard=False, log_to_driver=False, logging_level="ERROR")
for number in range(%d):
    path = f"{sys.argv[1]}/first-{number}-"
    began = time.time()
    TorchTrainer(loop, train_loop_config={"path": path}, torch_config=TorchConfig(backend="gloo"),
                 scaling_config=ScalingConfig(num_workers=2), run_config=RunConfig(storage_path=sys.argv[1])).fit()
    print("FIRST", float(open(path + "0").read()) - began)
"""
JOB = """
import os, sys, time
import ray
from ray.job_submission import JobSubmissionClient, JobStatus
context = ray.init(include_dashboard=True, dashboard_port=0, log_to_driver=False, logging_level="ERROR")
client = JobSubmissionClient("http://" + context.dashboard_url)
for number in range(%d):
    began = time.time()
    job = client.submit_job(entrypoint=f"{sys.executable} -c 'import time; print(time.time())'")
    while client.get_job_status(job) not in (JobStatus.SUCCEEDED, JobStatus.FAILED):
        time.sleep(0.05)
    print("FIRST", float(client.get_job_logs(job).strip().splitlines()[-1]) - began)
"""


def measure(folder: Path) -> list[Figure]:
    """The figures; ours are measured right after the peers', in the same minutes."""
    from workbench.cluster import local

    local.stop()
    trainer = _firsts(TRAINER % RUNS, folder)
    job = _firsts(JOB % RUNS, folder)
    two, one = [], []
    time_run(ONE, 1)
    for _ in range(RUNS):
        wait_for_spares(2)
        two.append(time_run(TWO_TORCH, 2).first_line_s)
        wait_for_spares(1)
        one.append(time_run(ONE, 1).first_line_s)
    return [
        Figure("two workers with torch, to the first line, against `TorchTrainer.fit`", seconds(two),
               seconds(trainer), times_sooner(two, trainer), "at least 10 times sooner"),
        Figure("one worker, to the first line, against a Ray Job", seconds(one), seconds(job),
               times_sooner(one, job), "at least 5 times sooner"),
    ]  # fmt: skip


def _firsts(code: str, folder: Path) -> list[float]:
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "RAY_TRAIN_V2_ENABLED": "1"},
    )
    found = [float(line.split()[1]) for line in done.stdout.splitlines() if line.startswith("FIRST")]
    if not found:
        raise RuntimeError(done.stderr[-2000:])
    return found
