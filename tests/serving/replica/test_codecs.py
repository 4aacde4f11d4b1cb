"""Bodies of each format to what a model takes, and back."""

from __future__ import annotations

import io
import math
from typing import Any

import numpy as np
import orjson
import pandas as pd
import pyarrow as pa
import pytest

from tests.support.codecs import MATRIX, TOWNS, codec, decode, error_of, frame, table, tensor
from workbench.serving.content_types import ARROW, CSV, JSON, NPY
from workbench.serving.replica.codecs.codecs import join
from workbench.serving.replica.codecs.encode import normal, split
from workbench.serving.replica.codecs.refusals import RefusedError


@pytest.mark.parametrize(
    "body",
    [
        {"inputs": [[1, 2]]},
        {"instances": [[1.0, 2.0]]},
        {"inputs": {"inputs": [[1, 2]]}},
        {"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2]]}},
        {"dataframe_records": [{"a": 1, "b": 2}]},
        [[1, 2]],
        [1, 2],
    ],
)
def test_decode_matrix_takes_each_form_of_json(body: Any) -> None:
    found = decode(MATRIX, body)
    assert found.rows == 1
    assert found.data.dtype == np.float64
    assert found.data.tolist() == [[1.0, 2.0]]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"inputs": [[1, 2, 3]]}, "inputs has shape [1, 3]; the model takes [-1, 2]. Give 2 values in each row."),
        ({"inputs": [1, 2]}, "inputs has shape [2]; the model takes [-1, 2]. Put the row in a list"),
        ({"inputs": [[1, 2], [1]]}, "inputs is ragged: row 0 has 2 values, row 1 has 1 value."),
        ({"inputs": [[1, "2"]]}, "inputs[0, 1] is '2', a string; the model takes float64."),
        ({"inputs": [[1, None]]}, "inputs[0, 1] is null; the model takes float64."),
        ({"inputs": [[1, True]]}, "inputs[0, 1] is True, true or false; the model takes float64."),
        ({"inputs": [[1, {}]]}, "inputs[0, 1] is {}, an object; the model takes float64."),
        ({"inputs": []}, "inputs has shape [0]"),
        ({"inputs": 3}, "inputs has shape []"),
        ({"inputs": None}, "inputs is null"),
        ({}, "'inputs' is missing"),
        ({"inputs": [[1, 2]], "params": 3}, "params is a number"),
        (
            {"instances": [[1, 2]], "inputs": [[1, 2]]},
            "the body has inputs and instances. Give the rows in one of them.",
        ),
        (b'{"inputs": [[NaN, 1]]}', "it is no JSON"),
        (b'{"inputs": [[1e999, 1]]}', "it is no JSON"),
        (b"", "it is no JSON"),
        (b"\xff", "it is no JSON"),
        (b"[" * 5000, "it is no JSON"),
    ],
)
def test_decode_matrix_says_what_is_wrong(body: Any, message: str) -> None:
    error = error_of(MATRIX, body)
    assert message in str(error)
    assert error.status == 400


def test_decode_casts_without_loss_only() -> None:
    whole = codec(tensor("uint8"))
    assert decode(whole, {"inputs": [[1.0, 255]]}).data.tolist() == [[1, 255]]
    large = [2**63 - 1, 1.0]
    assert decode(codec(tensor("int64")), {"inputs": [large]}).data.tolist() == [large]
    assert decode(codec(tensor("int64")), {"inputs": [large], "is": True}).data.tolist() == [large]
    assert decode(table(a="int64"), {"inputs": [{"a": each} for each in large]}).data.column(0).tolist() == large
    assert "holds 9.22" in str(error_of(codec(tensor("int64")), {"inputs": [[2.0**63, 1]]}))
    assert "holds 1.5; the model takes uint8" in str(error_of(whole, {"inputs": [[1.5, 2]]}))
    assert "holds 256; the model takes uint8" in str(error_of(whole, {"inputs": [[256, 2]]}))
    assert "beyond float32" in str(error_of(codec(tensor("float32")), {"inputs": [[1e300, 2]]}))
    assert decode(codec(tensor("bool")), {"inputs": [[True, False]]}).data.dtype == bool
    assert "the model takes bool" in str(error_of(codec(tensor("bool")), {"inputs": [[1, 0]]}))
    assert decode(codec(tensor("str")), {"inputs": [["a", "b"]]}).data.tolist() == [["a", "b"]]


def test_decode_named_tensors_names_the_one_that_is_missing() -> None:
    both = codec(tensor(name="left"), tensor(name="right", shape=(-1,)))
    found = decode(both, {"inputs": {"left": [[1, 2]], "right": [3]}, "params": {"k": 1}})
    assert (found.rows, found.params, found.key) == (1, {"k": 1}, None)
    assert "'right' is missing. There is 'rigth'" in str(error_of(both, {"inputs": {"left": [[1, 2]], "rigth": [3]}}))
    assert "differ in rows: left 1, right 2" in str(error_of(both, {"inputs": {"left": [[1, 2]], "right": [3, 4]}}))
    rows = decode(both, {"instances": [{"left": [1, 2], "right": 3}, {"left": [4, 5], "right": 6}]})
    assert rows.data["right"].tolist() == [3.0, 6.0]


RECORD = {"size": 1, "rooms": 2, "town": "Bern"}


@pytest.mark.parametrize(
    "body",
    [
        {"dataframe_records": [RECORD]},
        {"dataframe_split": {"columns": ["town", "size", "rooms"], "data": [["Bern", 1, 2]], "index": [7]}},
        {"inputs": {"size": [1], "rooms": [2], "town": ["Bern"]}},
        {"inputs": [RECORD]},
        {"instances": [RECORD]},
        {"inputs": [[1, 2, "Bern"]]},
        [RECORD | {"more": [1]}],
        RECORD,
        [1, 2, "Bern"],
    ],
)
def test_decode_table_takes_each_form_of_json(body: Any) -> None:
    found = frame(TOWNS, body)
    assert list(found.columns) == ["size", "rooms", "town"]
    assert found.dtypes["size"] == np.float64
    assert found.dtypes["rooms"] == np.int64
    assert found.to_numpy().tolist() == [[1.0, 2, "Bern"]]


@pytest.mark.parametrize(
    ("body", "field", "message"),
    [
        ([{"size": 1, "room": 2, "town": "B"}], "rooms", "the column 'rooms' is missing. There is 'room': rename it."),
        ([{"size": 1, "rooms": 2.5, "town": "B"}], "rooms", "rooms holds 2.5; the model takes int64"),
        ([{"size": 1, "rooms": None, "town": "B"}], "rooms", "rooms in row 0 is null"),
        ([{"size": "1", "rooms": 1, "town": "B"}], "size", "is '1', a string; the model takes float64"),
        ([{"size": 1, "rooms": 1, "town": 3}], "town", "is 3, a number; the model takes strings"),
        ([{"size": True, "rooms": 1, "town": "B"}], "size", "is True, true or false"),
        ({"inputs": {"size": [1], "rooms": [1, 2], "town": ["B"]}}, None, "the columns differ in rows"),
        ([[1, 2]], None, "row 0 has 2 values; the table has 3 columns"),
        ([], None, "there are no rows"),
        ("text", None, "the rows are a string"),
        ({"dataframe_split": 3}, "dataframe_split", "dataframe_split has no rows"),
        ({"dataframe_records": {"a": 1}}, "dataframe_records", "is not a list of objects"),
    ],
)
def test_decode_table_says_what_is_wrong(body: Any, field: str | None, message: str) -> None:
    error = error_of(TOWNS, body)
    assert message in str(error)
    assert error.field == field


def test_decode_table_null_is_nan_for_floats() -> None:
    assert math.isnan(frame(TOWNS, [RECORD | {"size": None}])["size"][0])
    floats = table(a="float64", b="float64")
    assert math.isnan(frame(floats, [{"a": None, "b": 1}])["a"][0])


def test_join_makes_one_frame_of_all_requests() -> None:
    floats = table(a="float64", b="float64")
    found = frame(floats, [{"a": 1, "b": 2}], {"inputs": {"b": [4, 6], "a": [3, 5]}}, [[7, None]])
    assert found["a"].tolist() == [1, 3, 5, 7]
    assert found["b"].tolist()[:3] == [2, 4, 6]


def test_decode_times_and_bytes_of_a_table() -> None:
    found = frame(table(at="datetime64[ns]", raw="bytes"), [{"at": "2026-01-31T12:00:00", "raw": "AQI="}])
    assert found["at"][0] == pd.Timestamp("2026-01-31T12:00:00")
    assert found["raw"][0] == b"\x01\x02"
    assert "no time" in str(error_of(table(at="datetime64[ns]"), [{"at": "soon"}]))
    assert "no Base64" in str(error_of(table(raw="bytes"), [{"raw": "?"}]))


def test_decode_csv() -> None:
    body = b'more,town,size,rooms\nx,"Bern, old",1.5,2\ny,Rome,,3\n'
    found = join([decode(TOWNS, body, CSV).data])
    assert found["town"].tolist() == ["Bern, old", "Rome"]
    assert found["rooms"].tolist() == [2, 3]
    assert math.isnan(found["size"][1])
    assert decode(MATRIX, b"1,2\n3,4\n", CSV).data.tolist() == [[1, 2], [3, 4]]
    assert "rooms in row 0 is 'two'" in str(error_of(TOWNS, b"town,size,rooms\nB,1,two\n", CSV))
    assert "row 1 has 1 values, the header 3" in str(error_of(TOWNS, b"town,size,rooms\nB,1,2\nB\n", CSV))
    assert "row 0 holds 'x', no number" in str(error_of(MATRIX, b"1,x\n", CSV))


def npy(array: Any) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def test_decode_npy_and_never_pickle() -> None:
    assert decode(MATRIX, npy(np.array([[1, 2]], dtype=np.float32)), NPY).data.dtype == np.float64
    assert decode(MATRIX, npy(np.asfortranarray([[1.0, 2], [3, 4]])), NPY).data.tolist() == [[1, 2], [3, 4]]
    assert join([decode(table(a="float64", b="float64"), npy(np.ones((2, 2))), NPY).data]).shape == (2, 2)
    assert "Python objects" in str(error_of(MATRIX, npy(np.array([object()])), NPY))
    assert "no npy" in str(error_of(MATRIX, b"\x80\x04K\x01.", NPY))


def test_decode_npy_reserves_no_more_than_came() -> None:
    body = npy(np.ones((1, 2)))
    claims = body.replace(b"(1, 2), }" + b" " * 10, b"(99999999999, 2), }")
    assert len(claims) == len(body)
    assert claims != body
    assert "no npy" in str(error_of(MATRIX, claims, NPY))


def arrow(**columns: Any) -> bytes:
    sink = pa.BufferOutputStream()
    made = pa.table(columns)
    with pa.ipc.new_stream(sink, made.schema) as writer:
        writer.write_table(made)
    return bytes(sink.getvalue())


def test_decode_arrow() -> None:
    found = join([decode(TOWNS, arrow(size=[1.5, None], rooms=[1, 2], town=["B", "R"]), ARROW).data])
    assert found["rooms"].tolist() == [1, 2]
    assert math.isnan(found["size"][1])
    assert decode(MATRIX, arrow(a=[1.0], b=[2.0]), ARROW).data.tolist() == [[1.0, 2.0]]
    assert "rooms in row 0 is null" in str(error_of(TOWNS, arrow(size=[1.0], rooms=[None], town=["B"]), ARROW))
    assert "no Arrow stream" in str(error_of(TOWNS, b"nothing", ARROW))


def test_decode_arrow_reads_nothing_that_did_not_come() -> None:
    names = codec(takes_json=True)
    good = arrow(town=["abc", "defg", "h"])
    assert decode(names, good, ARROW).data["town"].tolist() == ["abc", "defg", "h"]
    offsets = np.array([0, 3, 7, 8], dtype=np.int32).tobytes()
    assert good.count(offsets) == 1
    for wrong in ([0, 3, 90_000_000, 8], [0, 400, 400, 8]):
        body = good.replace(offsets, np.array(wrong, dtype=np.int32).tobytes())
        assert "no Arrow stream" in str(error_of(names, body, ARROW))


def test_decode_arrow_reserves_no_more_than_came() -> None:
    sink = pa.BufferOutputStream()
    made = pa.table({"a": np.zeros(2**20)})
    with pa.ipc.new_stream(sink, made.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(made)
    assert "compressed" in str(error_of(table(a="float64"), bytes(sink.getvalue()), ARROW))
    nothing = arrow(a=pa.nulls(10**6))
    assert "rows" in str(error_of(table(a="float64"), nothing, ARROW))


def test_decode_one_row_as_an_array_of_one_dimension() -> None:
    assert decode(MATRIX, npy(np.array([1.0, np.nan])), NPY).data.shape == (1, 2)
    assert join([decode(table(a="float64", b="float64"), npy(np.ones(2)), NPY).data]).shape == (1, 2)


def test_decode_csv_keeps_its_first_row() -> None:
    assert decode(MATRIX, b"\xef\xbb\xbf1,2\n3,4", CSV).data.tolist() == [[1, 2], [3, 4]]
    assert decode(MATRIX, b"a,b\n3,4", CSV).data.tolist() == [[3, 4]]
    assert "row 0 holds ''" in str(error_of(MATRIX, b",2\n3,4", CSV))
    assert join([decode(table(a="float64"), b"\xef\xbb\xbfa\n1\n", CSV).data])["a"].tolist() == [1.0]


def test_decode_missing_values_of_optional_columns_keep_the_dtype() -> None:
    columns = [tensor("float64", (-1,), "a"), tensor("datetime64[ns]", (-1,), "at")]
    optional = codec(*({**column, "optional": True} for column in columns), is_columns=True)
    found = frame(optional, [{"a": 1.5, "at": None}, {"a": None, "at": "2026-01-31"}])
    assert found["a"].dtype == np.float64
    assert found["at"].isna().tolist() == [True, False]
    assert found["at"].dtype.kind == "M"


def test_decode_times_of_mixed_precision_and_beyond_what_the_model_takes() -> None:
    times = table(at="datetime64[ns]")
    found = frame(times, [{"at": "2026-01-31T12:00:00"}, {"at": "2026-01-31T12:00:00.500Z"}])
    assert found["at"][1] - found["at"][0] == pd.Timedelta(500, "ms")
    assert "at holds no time" in str(error_of(times, [{"at": "9999-12-31T00:00:00"}]))


def test_decode_bytes_as_they_are_where_the_body_has_bytes() -> None:
    raw = table(raw="bytes")
    assert join([decode(raw, arrow(raw=[b"\xff\xd8"]), ARROW).data])["raw"].tolist() == [b"\xff\xd8"]


def test_decode_refuses_other_types() -> None:
    assert error_of(MATRIX, b"", "application/x-pickle").status == 415


def test_decode_without_a_schema_takes_arrays_and_tables() -> None:
    free = codec()
    assert decode(free, {"inputs": [[1, 2]]}).data.shape == (1, 2)
    assert list(decode(free, {"dataframe_records": [{"a": 1}]}).data.columns) == ["a"]
    assert "ragged" in str(error_of(free, [[1], [1, 2]]))
    assert decode(codec(takes_json=True), {"any": "thing"}).data == {"any": "thing"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.array([1, 2]), [1, 2]),
        (np.array([[0.5, np.nan]]), [[0.5, None]]),
        (np.array(["a"]), ["a"]),
        (np.array([["a", "b"], ["c", "d"]], dtype=object), [["a", "b"], ["c", "d"]]),
        (np.array(["2026-01-31T12:00", "NaT"], dtype="M8[ns]"), ["2026-01-31T12:00:00", None]),
        (pd.DataFrame({"at": pd.to_datetime(["2026-01-31", None])}), [{"at": "2026-01-31T00:00:00"}, {"at": None}]),
        (np.array([1.5], dtype=np.float32), [1.5]),
        (np.arange(6).reshape(2, 3)[:, ::2], [[0, 2], [3, 5]]),
        (pd.DataFrame({"a": [1], "b": ["x"]}), [{"a": 1, "b": "x"}]),
        (pd.Series([1, 2]), [1, 2]),
        ({"a": np.array([1])}, {"a": [1]}),
        ("text", "text"),
        ([np.float32(1.5), {1: {2}}], [1.5, {"1": [2]}]),
    ],
)
def test_encode_json(value: Any, expected: Any) -> None:
    kind, body = MATRIX.encode("predict", "", None, normal(value))
    assert (kind, orjson.loads(body)) == (JSON, {"predictions": expected})


def test_encode_says_what_json_cannot_hold() -> None:
    with pytest.raises(RefusedError, match=r"JSON cannot hold: .*object") as caught:
        MATRIX.encode("predict", "", None, [object()])
    assert caught.value.status == 500


def test_encode_by_accept() -> None:
    rows = np.array([[1.5, 2], [3, 4]])
    assert MATRIX.encode("predict", CSV, None, rows) == (CSV, b"1.5,2.0\n3.0,4.0\n")
    assert MATRIX.encode("predict", "text/html,*/*", None, rows)[0] == JSON
    kind, body = MATRIX.encode("predict", f"{NPY};q=1", None, rows)
    assert kind == NPY
    assert np.load(io.BytesIO(body), allow_pickle=False).tolist() == rows.tolist()
    _, body = MATRIX.encode("predict", ARROW, None, pd.DataFrame({"a": [1], "b": ["x"]}))
    assert pa.ipc.open_stream(body).read_all().to_pydict() == {"a": [1], "b": ["x"]}
    with pytest.raises(RefusedError, match="Accept application/json"):
        MATRIX.encode("predict", CSV, None, np.ones((1, 2, 3)))


def test_encode_columns_keep_their_types() -> None:
    ids = pd.DataFrame({"id": [2**53 + 1], "score": [0.5]})
    assert MATRIX.encode("predict", CSV, None, ids)[1] == b"id,score\n9007199254740993,0.5\n"
    _, body = MATRIX.encode("predict", ARROW, None, ids)
    assert pa.ipc.open_stream(body).read_all().to_pydict() == {"id": [2**53 + 1], "score": [0.5]}


def test_join_copies_what_users_code_may_write_in() -> None:
    asked = decode(MATRIX, npy(np.ones((1, 2))), NPY)
    asked.data = np.frombuffer(asked.data.tobytes()).reshape(1, 2)
    assert not join([asked.data]).flags.writeable
    assert join([asked.data], is_writeable=True).flags.writeable
    frame_of = join([decode(table(a="float64", b="float64"), arrow(a=[-1.0], b=[2.0]), ARROW).data], is_writeable=True)
    frame_of.loc[frame_of.a < 0, "a"] = 0.0
    assert frame_of["a"].tolist() == [0.0]


def test_split_gives_each_request_its_rows() -> None:
    assert [part.tolist() for part in split(np.arange(5), [2, 3])] == [[0, 1], [2, 3, 4]]
    assert split({"a": np.arange(2)}, [1, 1])[1]["a"].tolist() == [1]
    assert [len(part) for part in split(pd.DataFrame({"a": [1, 2, 3]}), [1, 2])] == [1, 2]
