"""Curves of any length, drawn with few points."""

from __future__ import annotations

import numpy as np

from workbench.tracking.series import Series


def test_short_series_is_drawn_whole() -> None:
    series = Series.of([(0, 1.0), (1, 2.0)])
    assert series.drawn(100).points() == [(0.0, 1.0), (1.0, 2.0)]
    assert Series.of([]).drawn(10).points() == []


def test_drawn_series_has_every_peak_and_dip_and_both_ends() -> None:
    y = np.zeros(100_000)
    y[4321], y[77_777] = 5.0, -3.0
    drawn = Series(np.arange(100_000.0), y).drawn(400)
    assert len(drawn) <= 400
    assert {(4321.0, 5.0), (77_777.0, -3.0)} <= set(drawn.points())
    assert (drawn.x[0], drawn.x[-1]) == (0.0, 99_999.0)
    assert (np.diff(drawn.x) > 0).all()


def test_drawn_series_with_gaps_keeps_what_is_there() -> None:
    y = np.full(10_000, np.nan)
    y[5000] = 1.0
    drawn = Series(np.arange(10_000.0), y).drawn(100)
    assert (5000.0, 1.0) in drawn.points()


def test_part_of_a_series_has_both_its_ends() -> None:
    series = Series.of([(float(x), 0.0) for x in range(10)])
    assert series.between(3, 5).x.tolist() == [3, 4, 5]
    assert series.between(None, 1).x.tolist() == [0, 1]
    assert len(series.between(20, None)) == 0


def test_series_by_another_metric() -> None:
    epochs = Series.of([(2, 0.0), (4, 1.0)])
    losses = Series.of([(1, 9.0), (2, 8.0), (3, 7.0), (5, 6.0)])
    assert losses.against(epochs).points() == [(0.0, 8.0), (0.0, 7.0), (1.0, 6.0)]
