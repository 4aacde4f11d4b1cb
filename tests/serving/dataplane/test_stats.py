"""The figures of a version: percentiles within five percent, windows that forget, at little cost."""

from __future__ import annotations

import random
import time
from collections import Counter

import numpy as np
import pytest

from workbench.serving.dataplane.histogram import BUCKETS, bucket, percentile
from workbench.serving.dataplane.rate_limit import RateLimiter
from workbench.serving.dataplane.stats import VersionStats
from workbench.serving.dataplane.traffic_split import WeightedChoice

START = 10_000.0


def test_histogram_is_right_to_five_percent() -> None:
    draw = np.random.default_rng(1)
    durations = draw.lognormal(1, 2, 50_000).clip(0.02, 100_000)
    counts = np.bincount([bucket(each) for each in durations], minlength=BUCKETS)[None]
    for fraction in (0.5, 0.95, 0.99):
        [found] = percentile(counts, fraction)
        assert found == pytest.approx(np.quantile(durations, fraction, method="inverted_cdf"), rel=0.05)
    assert percentile(counts * 0, 0.5) == [None]


@pytest.mark.parametrize("ms", [0.0, 1e-9, 1e12])
def test_histogram_takes_any_duration(ms: float) -> None:
    assert 0 <= bucket(ms) < BUCKETS


def test_stats_count_the_last_minute_and_all() -> None:
    stats = VersionStats(START)
    for second in range(100):
        stats.record(START + second, 200, 10.0, [2, 8, 0.0, 1.0])
    stats.record(START + 99, 500, 20.0)
    stats.record(START + 99, 429, 0.0)
    stats.record(START + 99, 503, 60_000.0)
    stats.record(START + 99, 200, 0.1, is_hit=True)
    figures = stats.figures(START + 99)
    assert (figures["requests"], figures["errors"], figures["rejected"], figures["cache_hits"]) == (102, 1, 1, 1)
    assert figures["unavailable"] == 1
    assert figures["rate"] == pytest.approx(62 / 60, abs=0.01)
    assert figures["error_rate"] == pytest.approx(1 / 62)
    assert figures["p50_ms"] == pytest.approx(10, rel=0.05)
    assert figures["batch_mean"] == 8
    assert stats.figures(START + 200)["p50_ms"] is None
    assert stats.figures(START + 5000)["requests"] == 102


def test_stats_since_counts_so_many_seconds() -> None:
    stats = VersionStats(START)
    for second in range(20):
        stats.record(START + second, 200 if second % 2 else 504, float(second + 1))
    since = stats.since(START + 19, 4)
    assert (since["requests"], since["errors"]) == (4, 2)
    assert since["p99_ms"] == pytest.approx(20, rel=0.05)
    assert stats.since(START + 19, 10**9)["requests"] == 20


def test_stats_since_leaves_the_durations_of_cache_hits_out() -> None:
    stats = VersionStats(START)
    for second in range(20):
        stats.record(START + second, 200, 40.0)
        for _ in range(99):
            stats.record(START + second, 200, 0.1, is_hit=True)
    since = stats.since(START + 19, 20)
    assert since["requests"] == 2000
    assert since["p50_ms"] == pytest.approx(40, rel=0.05)
    figures = stats.figures(START + 19)
    assert figures["p50_ms"] == pytest.approx(0.1, rel=0.05)
    assert figures["recent"]["p50_ms"][-1] == pytest.approx(0.1, rel=0.05)


def test_stats_recent_has_a_point_per_five_seconds() -> None:
    stats = VersionStats(START)
    for second in range(12):
        stats.sample(START + second, queue=second, replicas=2)
        stats.record(START + second, 200, 1.0)
    recent = stats.figures(START + 12 - 1e-6)["recent"]
    assert {len(values) for values in recent.values()} == {3}
    assert recent["rate"] == [1.0, 1.0, 1.0]
    assert abs(recent["t"][0] - time.time() - 5) < 60
    assert recent["queue"] == [4, 9, 11]
    assert recent["replicas"] == [2, 2, 2]
    assert np.diff(recent["t"]).tolist() == [5, 5]
    later = stats.figures(START + 3000)["recent"]
    assert len(later["t"]) == 120
    assert not any(later["rate"])


def test_stats_of_a_ring_that_went_round_forget() -> None:
    stats = VersionStats(START)
    for second in range(0, 2000, 7):
        stats.record(START + second, 200, 1.0)
    assert stats.since(START + 1995, 600)["requests"] == len([s for s in range(0, 2000, 7) if s > 1395])


def test_stats_cost_little_per_request() -> None:
    stats = VersionStats(START)
    count = 20_000
    best = min(_seconds(stats, count) for _ in range(5)) / count
    assert best < 5e-6  # it is about one millionth; the machine may be busy


def _seconds(stats: VersionStats, count: int) -> float:
    began = time.process_time()
    for number in range(count):
        stats.record(START + number / 5000, 200, 0.8, [1, 4, 0.1, 0.5])
    return time.process_time() - began


def test_weights_are_exact_in_every_window() -> None:
    choice = WeightedChoice({"1": 90, "2": 10})
    dealt = [choice.next() for _ in range(1000)]
    assert all(Counter(dealt[start : start + 10])["2"] == 1 for start in range(0, 1000, 10))
    thirds = WeightedChoice({"a": 100 / 3, "b": 100 / 3, "c": 100 / 3})
    assert Counter(thirds.next() for _ in range(3000)) == {"a": 1000, "b": 1000, "c": 1000}
    assert WeightedChoice({"1": 0}).next() is None
    assert WeightedChoice({}).of("x") is None


def test_weights_by_key_move_no_more_keys_than_they_must() -> None:
    keys = [str(random.random()) for _ in range(5000)]
    tenth, half = WeightedChoice({"1": 90, "2": 10}), WeightedChoice({"1": 50, "2": 50})
    before, after = [tenth.of(key) for key in keys], [half.of(key) for key in keys]
    assert 0.08 < before.count("2") / 5000 < 0.12
    assert 0.46 < after.count("2") / 5000 < 0.54
    assert not any(old == "2" and new == "1" for old, new in zip(before, after, strict=True))


@pytest.mark.parametrize("rate", [0, 0.0, -1.0, float("nan"), float("inf")])
def test_rates_that_are_none_are_refused(rate: float) -> None:
    with pytest.raises(ValueError, match="Cannot limit to"):
        RateLimiter(rate)


def test_rates_beyond_reason_divide_by_nothing() -> None:
    rates = RateLimiter(5e-324)
    assert rates.take("a", 0.0) == 0.0
    assert 0 < rates.take("a", 1.0) < 1e6


def test_rates_refill_with_time() -> None:
    rates = RateLimiter(2.0)
    assert [rates.take("a", 0.0) for _ in range(3)] == [0.0, 0.0, 0.5]
    assert rates.take("b", 0.0) == 0.0
    assert rates.take("a", 0.5) == 0.0
    assert rates.take("a", 0.75) == pytest.approx(0.25)
    assert RateLimiter(0.5).take("a", 0.0) == 0.0
    assert RateLimiter(None).take("a", 0.0) == 0.0
