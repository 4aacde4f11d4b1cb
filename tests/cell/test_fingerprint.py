"""Fingerprints see the whole content, and nothing but it."""

from __future__ import annotations

import threading

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import torch

from workbench.cell.fingerprint import fingerprint, size_of


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


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (pd.Series(pd.Categorical(["a", "b"])), pd.Series(pd.Categorical(["a", "z"]))),  # the same codes
        (pd.DataFrame({"a": [1, 2]}), pd.DataFrame({"a": [1, 2]}, index=pd.Index([0, 1], name="k"))),
        (pd.DataFrame({1: [1]}), pd.DataFrame({"1": [1]})),
        (pd.DataFrame({"a": [1, "x"]}), pd.DataFrame({"a": ["1", "x"]})),
        (pd.Series([np.zeros(5000)]), pd.Series([np.r_[np.zeros(2500), 1, np.zeros(2499)]])),
        (pd.Series(["a", None], dtype="str"), pd.Series([None, "a"], dtype="str")),
        (pd.Series([1, 2], dtype="Int64"), pd.Series([1, None], dtype="Int64")),
        (
            pd.Series([1, 2], index=pd.MultiIndex.from_tuples([(1, "u"), (2, "v")])),
            pd.Series([1, 2], index=pd.MultiIndex.from_tuples([(1, "u"), (3, "v")])),
        ),
        (pa.table({"a": [1, 2, 3]}).slice(1), pa.table({"a": [1, 2, 3]}).slice(0, 2)),
        (torch.zeros(4).to(torch.float8_e4m3fn), torch.ones(4).to(torch.float8_e4m3fn)),
    ],
)
def test_fingerprint_differs(one: object, other: object) -> None:
    assert digest(one) == digest(one) != digest(other)


def test_fingerprint_of_cells_that_cannot_be_pickled_is_none() -> None:
    assert fingerprint(pd.Series([threading.Lock()])) is None


def test_size_of_counts_the_text_of_object_columns() -> None:
    frame = pd.DataFrame({"text": pd.Series(["x" * 10_000 + str(i) for i in range(500)], dtype=object)})
    assert size_of(frame) > 500 * 10_000
