"""Samples what a rank uses while it runs, CPU, memory and GPU, into its journal."""

from __future__ import annotations

import os
import threading
from typing import Any

import psutil

from workbench.training.journal import Journal

INTERVAL_S = 1.0


class Sampler:
    """A context in which a thread writes a ``trace`` event a second; the process's children count, too.

    Args:
        journal: The journal that gets the events.
        gpu_ids: The GPUs of this rank, as NVML numbers or UUIDs; empty for none.
    """

    def __init__(self, journal: Journal, gpu_ids: tuple[str, ...]) -> None:
        self._journal = journal
        self._process = psutil.Process(os.getpid())
        self._children: dict[int, psutil.Process] = {}
        self._gpus = _open_gpus(gpu_ids)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sample-usage", daemon=True)

    def __enter__(self) -> Sampler:
        self._process.cpu_percent()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(timeout=1.0)

    def _run(self) -> None:
        wait_s = 0.25  # the first sample soon, so that a view has something to show
        while not self._stop.wait(wait_s):
            wait_s = INTERVAL_S
            self._journal.write("trace", **self.sample())

    def sample(self) -> dict[str, float | None]:
        """Return one reading: CPU in percent of one core, memory in MiB, GPU in percent."""
        cpu, rss = self._process.cpu_percent(), float(self._process.memory_info().rss)
        for child in self._process.children(recursive=True):
            known = self._children.setdefault(child.pid, child)
            try:
                cpu += known.cpu_percent()
                rss += known.memory_info().rss
            except psutil.Error:
                self._children.pop(child.pid, None)
        gpu, used, total = _read_gpus(self._gpus)
        return {"cpu": round(cpu, 1), "rss": round(rss / 2**20, 1), "gpu": gpu, "gpu_mem": used, "gpu_total": total}


def _open_gpus(gpu_ids: tuple[str, ...]) -> list[Any]:
    if not gpu_ids:
        return []
    try:
        import pynvml

        pynvml.nvmlInit()
        return [
            pynvml.nvmlDeviceGetHandleByIndex(int(name)) if name.isdigit() else pynvml.nvmlDeviceGetHandleByUUID(name)
            for name in gpu_ids
        ]
    except Exception:  # no driver, or not NVIDIA's: the run goes on without GPU figures
        return []


def _read_gpus(handles: list[Any]) -> tuple[float | None, float | None, float | None]:
    if not handles:
        return None, None, None
    import pynvml

    try:
        busy = [pynvml.nvmlDeviceGetUtilizationRates(handle).gpu for handle in handles]
        memory = [pynvml.nvmlDeviceGetMemoryInfo(handle) for handle in handles]
    except pynvml.NVMLError:
        return None, None, None
    used, total = sum(m.used for m in memory) / 2**20, sum(m.total for m in memory) / 2**20
    return sum(busy) / len(busy), round(used, 1), round(total, 1)
