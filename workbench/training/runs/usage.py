"""Sums up the usage traces of a run's ranks and says in plain words what limited it."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.training.journal import TraceEvent

_ENOUGH_SAMPLES = 5


@dataclass
class RankUsage:
    """Running sums over one rank's samples. CPU in percent of one core, memory in MiB."""

    samples: int = 0
    cpu_sum: float = 0.0
    rss_max: float = 0.0
    gpu_samples: int = 0
    gpu_sum: float = 0.0
    gpu_memory_share_max: float = 0.0

    def add(self, trace: TraceEvent) -> None:
        """Add one sample."""
        self.samples += 1
        self.cpu_sum += trace.get("cpu") or 0.0
        self.rss_max = max(self.rss_max, trace.get("rss") or 0.0)
        if (gpu := trace.get("gpu")) is not None:
            self.gpu_samples += 1
            self.gpu_sum += gpu
            total = trace.get("gpu_total") or 0.0
            if total:
                self.gpu_memory_share_max = max(self.gpu_memory_share_max, (trace.get("gpu_mem") or 0.0) / total)

    @property
    def cpu(self) -> float:
        """Return the mean CPU use in percent of one core."""
        return self.cpu_sum / self.samples if self.samples else 0.0

    @property
    def gpu(self) -> float | None:
        """Return the mean GPU use in percent, None without a GPU."""
        return self.gpu_sum / self.gpu_samples if self.gpu_samples else None


def verdict(ranks: dict[int, RankUsage], *, node_memory_mb: float | None = None) -> str:
    """Return one or two sentences on how well the run used its hardware; empty for very short runs.

    Args:
        ranks: Usage by rank.
        node_memory_mb: Memory of a worker's node in MiB, None where it is not known.
    """
    seen = [usage for usage in ranks.values() if usage.samples >= _ENOUGH_SAMPLES]
    if not seen:
        return ""
    findings = []
    cpu = sum(usage.cpu for usage in seen) / len(seen)
    gpus = [usage.gpu for usage in seen if usage.gpu is not None]
    if gpus:
        idle = 100 - sum(gpus) / len(gpus)
        if idle > 40 and cpu > 80:
            findings.append(
                f"The GPU idled {idle:.0f} % of the time while the CPU was busy: it waited for data. "
                "Give the data loader more workers, or prepare the data beforehand."
            )
        elif idle > 40:
            findings.append(
                f"The GPU idled {idle:.0f} % of the time: batches may be too small, or it waited for "
                "files or the network."
            )
        else:
            findings.append(f"The GPU was busy {100 - idle:.0f} % of the time.")
        if max(usage.gpu_memory_share_max for usage in seen) > 0.92:
            findings.append("GPU memory was nearly full.")
    elif cpu < 30:
        findings.append(
            f"The workers used {cpu:.0f} % of a core: most of the time they waited "
            "(for files, the network, or each other)."
        )
    else:
        findings.append(f"The workers were busy ({cpu:.0f} % of a core each).")
    if len(seen) > 1 and max(usage.cpu for usage in seen) > 2 * max(min(usage.cpu for usage in seen), 1.0):
        findings.append("The ranks were loaded unevenly.")
    if node_memory_mb and sum(usage.rss_max for usage in seen) > 0.85 * node_memory_mb:
        findings.append("Memory was nearly full.")
    return " ".join(findings)


def system_metrics(rank: int, event: TraceEvent, at_ms: int) -> list[tuple[str, float, int, int]]:
    """Return a trace as MLflow system metrics; the step counts seconds."""
    values = {
        "cpu_percent": event["cpu"],
        "memory_mb": event["rss"],
        "gpu_percent": event["gpu"],
        "gpu_memory_mb": event["gpu_mem"],
    }
    return [
        (f"system/rank_{rank}/{name}", float(value), at_ms, int(event["t"]))
        for name, value in values.items()
        if value is not None
    ]
