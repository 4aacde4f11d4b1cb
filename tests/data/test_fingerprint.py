"""Fingerprints see the whole content, and nothing but it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from workbench.data.fingerprint import fingerprint


def digest(value: object) -> str:
    mark = fingerprint(value)
    assert mark is not None
    return mark.digest


@pytest.mark.parametrize(
    "make",
    [
        lambda: np.arange(1000.0),
        lambda: np.asfortranarray(np.arange(1000.0).reshape(10, 100)),
        lambda: np.arange(1000)[::3],
        lambda: np.array(["a", "bc"]),
        lambda: pd.DataFrame({"a": [1, 2], "b": ["x", None], "c": pd.to_datetime(["2020", "2021"])}),
        lambda: pd.DataFrame({"a": [[1], [2]]}),
        lambda: pd.Series([1.5, 2.5], name="s"),
        lambda: torch.arange(10),
        lambda: b"abc" * 100,
    ],
)
def test_fingerprint_same_content_same_digest(make: object) -> None:
    assert digest(make()) == digest(make())  # type: ignore[operator]


def test_fingerprint_sees_the_last_row() -> None:
    X = np.zeros((20_000, 5))
    before = digest(X)
    X[-1, -1] = 1
    assert digest(X) != before


def test_fingerprint_sees_type_and_shape() -> None:
    X = np.zeros(12, dtype=np.int64)
    assert len({digest(X), digest(X.view(np.float64)), digest(X.reshape(3, 4))}) == 3


def test_fingerprint_sees_a_string_cell() -> None:
    frame = pd.DataFrame({"a": ["x"] * 20_000})
    before = digest(frame)
    frame.loc[19_999, "a"] = "y"
    assert digest(frame) != before


def test_fingerprint_transposed_is_not_the_same() -> None:
    X = np.arange(9.0).reshape(3, 3)
    assert digest(X) != digest(X.T)


def test_fingerprint_unknown_kinds_have_none() -> None:
    assert fingerprint({"a": 1}) is None
    assert fingerprint(np.array([object()])) is None
