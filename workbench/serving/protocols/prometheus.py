"""The figures of versions as Prometheus text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import accumulate

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from workbench.serving.dataplane.backend import Backend
from workbench.serving.dataplane.stats import EDGES_S

_LABELS = ("endpoint", "version")
_BOUNDS = [*map(str, EDGES_S), "+Inf"]


def metrics_text(backends: Iterable[Backend]) -> bytes:
    """Return the figures of versions for a scrape."""
    registry = CollectorRegistry()
    registry.register(_Figures(list(backends)))
    text: bytes = generate_latest(registry)
    return text


class _Figures(Collector):
    def __init__(self, backends: list[Backend]) -> None:
        self._backends = backends

    def collect(self) -> Iterator[Metric]:
        """Yield the metric families."""
        requests = CounterMetricFamily("workbench_requests", "Answers by status.", labels=(*_LABELS, "code"))
        unavailable = CounterMetricFamily(
            "workbench_unavailable", "Requests for which no replica was up; they are no errors of the model.",
            labels=_LABELS,
        )  # fmt: skip
        hits = CounterMetricFamily("workbench_cache_hits", "Answers out of the cache.", labels=_LABELS)
        rows = CounterMetricFamily("workbench_rows", "Rows that replicas computed.", labels=_LABELS)
        batches = CounterMetricFamily(
            "workbench_batches", "Batches of them; rows by batches is a batch's size.", labels=_LABELS
        )
        latency = HistogramMetricFamily("workbench_request_seconds", "From request to answer.", labels=_LABELS)
        queue = GaugeMetricFamily("workbench_queue", "Requests that wait for a replica.", labels=_LABELS)
        ongoing = GaugeMetricFamily("workbench_ongoing", "Requests that replicas have.", labels=_LABELS)
        replicas = GaugeMetricFamily("workbench_replicas", "Replicas that are ready.", labels=_LABELS)
        for backend in self._backends:
            labels = (backend.name, backend.version)
            stats = backend.stats
            for code, count in sorted(stats.codes.items()):
                requests.add_metric((*labels, str(code)), count)
            unavailable.add_metric(labels, stats.unavailable)
            hits.add_metric(labels, stats.hits)
            rows.add_metric(labels, stats.rows)
            batches.add_metric(labels, stats.batches)
            buckets = list(zip(_BOUNDS, accumulate(stats.edges), strict=True))
            latency.add_metric(labels, buckets=buckets, sum_value=stats.seconds_sum)
            queue.add_metric(labels, backend.queued)
            ongoing.add_metric(labels, backend.ongoing)
            replicas.add_metric(labels, backend.replicas)
        yield from (requests, unavailable, hits, rows, batches, latency, queue, ongoing, replicas)
