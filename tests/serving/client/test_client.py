"""The Python client against the real data plane and real models."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import torch

from tests.support.models_to_serve import Shop
from tests.support.stack import TOKEN, Stack, running
from workbench.errors import (
    EndpointNotFoundError,
    ModelNotFoundError,
    OptionError,
    PredictionError,
    ServingError,
    WorkbenchError,
)
from workbench.serving.client.bodies import from_answer, to_body
from workbench.serving.client.client import EndpointClient
from workbench.serving.content_types import ARROW, JSON, NPY

TABLE = pd.DataFrame({"size": [1.5, 2.5], "rooms": [1, 2], "town": ["Bern", "Rome"]})


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    shop = Shop(tmp_path_factory.mktemp("shop"))
    with running() as made:
        for name in ("digits", "mixed", "perceptron", "counting", "double", "summed", "two"):
            made.serve(name, {name: shop(name)})
        made.serve("both", {"digits": shop("digits"), "double": shop("double")})
        yield made


@pytest.fixture
def ask(stack: Stack) -> Any:
    """Makes clients by the endpoint's name."""
    return lambda name, token=TOKEN: EndpointClient(f"{stack.url}/{name}", lambda: token)


def test_body_is_the_one_that_fits() -> None:
    assert to_body([[1.0, 2.0]]).content == b"[[1.0,2.0]]"
    assert to_body({"a": np.array([1, 2])}).content == b'{"a":[1,2]}'
    assert to_body([np.float32(0.5), torch.tensor([1])]).content == b"[0.5,[1]]"
    assert to_body(np.ones((2, 2))).content == b'{"inputs":[[1.0,1.0],[1.0,1.0]]}'
    assert to_body(np.ones((2, 1000))).content_type == NPY
    assert to_body(np.array([np.nan])).content_type == NPY
    assert (
        to_body(np.array(["2026-01-31T12:00:00"], dtype="datetime64[s]")).content
        == b'{"inputs":["2026-01-31T12:00:00"]}'
    )
    assert to_body(torch.ones(2, 2, requires_grad=True)).content_type == JSON
    assert to_body(torch.ones(2, dtype=torch.bfloat16)).content == b"[1.0,1.0]"
    assert to_body(TABLE).content_type == ARROW
    assert to_body(TABLE["size"]).content_type == ARROW
    assert to_body(pd.Series([1.0, 2.0])).content == b"[1.0,2.0]"
    assert to_body(pa.table({"a": [1]})).content_type == ARROW
    assert to_body(pa.record_batch({"a": [1]})).content_type == ARROW
    assert to_body(pa.array([1.0])).content == b"[1.0]"
    assert to_body(pd.DataFrame({"a": [1, "b"]})).content_type == JSON


def test_body_of_what_json_cannot_hold_is_refused() -> None:
    with pytest.raises(OptionError, match="Cannot send"):
        to_body([object()])


def test_answer_is_what_predict_gives() -> None:
    assert from_answer(b'{"predictions": [1, 2]}').dtype == np.int64
    assert np.isnan(from_answer(b'{"predictions": [1.5, null]}')[1])
    assert from_answer(b'{"predictions": ["a", "b"]}').tolist() == ["a", "b"]
    assert from_answer(b'{"predictions": [[true], [false]]}').shape == (2, 1)
    assert from_answer(b'{"predictions": [[1], [1, 2]]}') == [[1], [1, 2]]
    assert from_answer(b'{"predictions": [1, "a"]}') == [1, "a"]
    assert from_answer(b'{"predictions": [null]}') == [None]
    assert from_answer(b'{"predictions": {"y": [1.0]}}')["y"].tolist() == [1.0]
    assert from_answer(b'{"predictions": "text"}') == "text"
    table = from_answer(b'{"predictions": [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]}')
    assert table.to_dict(orient="list") == {"a": [1, 2], "b": ["x", "y"]}
    assert from_answer(b'{"predictions": [{"a": [1]}]}') == [{"a": [1]}]


@pytest.mark.parametrize("rows", [1, 3, 40])
@pytest.mark.parametrize("form", [np.ndarray.tolist, np.asarray, torch.tensor], ids=["list", "array", "tensor"])
def test_arrays_of_any_library_and_size_give_an_array(ask: Any, rows: int, form: Any) -> None:
    from sklearn.datasets import load_digits

    found = ask("digits").predict(form(load_digits().data[:rows]))
    assert isinstance(found, np.ndarray)
    assert found.shape == (rows,)
    assert found[0] == 0


def test_one_row_is_enough(ask: Any) -> None:
    assert ask("digits").predict([0.0] * 64).shape == (1,)


def test_tables_of_any_library_give_the_same(ask: Any) -> None:
    client = ask("mixed")
    expected = client.predict(TABLE.to_dict(orient="records"))
    assert expected.shape == (2,)
    for data in (TABLE, pa.Table.from_pandas(TABLE), {"dataframe_split": TABLE.to_dict(orient="split")}):
        assert client.predict(data) == pytest.approx(expected)
    assert client.predict(TABLE.iloc[0].to_dict()) == pytest.approx(expected[:1])


def test_float32_models_take_float32(ask: Any) -> None:
    assert ask("perceptron").predict(np.zeros((2, 4), dtype=np.float32)).shape == (2, 3)


def test_named_tensors_give_named_outputs(ask: Any) -> None:
    found = ask("two").predict({"left": np.ones((2, 2)), "right": np.ones((2, 2))})
    assert found["total"].tolist() == [4.0, 4.0]


def test_models_of_an_endpoint_are_asked_by_name(ask: Any) -> None:
    client = ask("both")
    assert client.predict({"x": 4}, model="double") == {"doubled": 8}
    assert client.predict([0.0] * 64, model="digits", version="1", key="user-17").shape == (1,)
    with pytest.raises(ModelNotFoundError):
        client.predict({"x": 4}, model="none of/them")


def test_items_of_a_generator_come_one_by_one(ask: Any) -> None:
    assert list(ask("counting").stream({"to": 3})) == [{"number": 0}, {"number": 1}, {"number": 2}]
    first = next(ask("counting").stream({"to": 100_000}))
    assert first == {"number": 0}


def test_error_of_a_generator_comes_after_its_items(ask: Any) -> None:
    items = ask("counting").stream({"to": 3, "fails_at": 1})
    assert next(items) == {"number": 0}
    with pytest.raises(PredictionError, match="no more numbers"):
        next(items)


def test_refusals_are_the_words_of_the_endpoint(ask: Any) -> None:
    with pytest.raises(PredictionError, match="shape") as caught:
        ask("digits").predict([[1.0, 2.0]])
    assert (caught.value.status, caught.value.field) == (400, "inputs")
    with pytest.raises(PredictionError, match="a value is below zero") as caught:
        ask("summed").predict([[-1.0, 0.0, 0.0]])
    assert caught.value.status == 500
    with pytest.raises(PredictionError) as caught:
        ask("digits").predict([0.0] * 64, version="9")
    assert caught.value.status == 404
    with pytest.raises(PredictionError) as caught:
        ask("digits").predict(np.zeros((4000, 64)))
    assert caught.value.status == 413


def test_endpoint_that_is_not_there_is_said_so(ask: Any) -> None:
    with pytest.raises(EndpointNotFoundError, match="nothing"):
        ask("nothing").predict([1.0])


def test_token_is_in_no_text(ask: Any) -> None:
    assert TOKEN not in repr(ask("digits"))
    with pytest.raises(PredictionError) as caught:
        ask("digits", token="wrong-token-of-mine").predict([0.0] * 64)
    assert caught.value.status == 401
    assert "wrong-token-of-mine" not in str(caught.value)
    with pytest.raises(OptionError) as refused:
        ask("digits", token="two\r\nlines").predict([1.0])
    assert "lines" not in str(refused.value)
    with pytest.raises(ServingError) as lost:
        EndpointClient("http://127.0.0.1:9/digits", lambda: TOKEN).predict([1.0])
    assert TOKEN not in str(lost.value)
    assert lost.value.__cause__ is None


def test_threads_share_a_client(ask: Any) -> None:
    client = ask("digits")
    found: list[Any] = []
    errors: list[WorkbenchError] = []

    def work() -> None:
        try:
            found.extend(client.predict([0.0] * 64).shape for _ in range(20))
        except WorkbenchError as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not errors
    assert found == [(1,)] * 160


class Flaky:
    """A server that does as told, request by request: a status, ``"hang up"`` or ``"silence"``."""

    def __init__(self, *deeds: Any, retry_after: str = "0") -> None:
        self.connections = 0
        self.asked = 0
        outer = self
        left = list(deeds)
        self.is_over = threading.Event()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                outer.connections += 1
                super().setup()

            def do_POST(self) -> None:
                outer.asked += 1
                self.rfile.read(int(self.headers["Content-Length"]))
                deed = left.pop(0) if left else 200
                if deed == "hang up":
                    self.close_connection = True
                    return
                if deed == "silence":
                    outer.is_over.wait(20)
                    self.close_connection = True
                    return
                body = b'{"predictions": [1]}' if deed == 200 else b'{"error": "Cannot now."}'
                self.send_response(deed)
                self.send_header("Retry-After", retry_after)
                self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.client = EndpointClient(f"http://127.0.0.1:{self._server.server_port}/x", lambda: TOKEN)

    def close(self) -> None:
        self.is_over.set()
        self.client.close()
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def flaky() -> Iterator[Any]:
    made: list[Flaky] = []

    def make(*deeds: Any, **more: Any) -> Flaky:
        made.append(Flaky(*deeds, **more))
        return made[-1]

    yield make
    for each in made:
        each.close()


def test_connection_stays_open(flaky: Any) -> None:
    server = flaky()
    for _ in range(5):
        server.client.predict([1])
    assert server.connections == 1


@pytest.mark.parametrize("deed", [503, "hang up"])
def test_request_is_made_again_once(flaky: Any, deed: Any) -> None:
    server = flaky(deed)
    assert server.client.predict([1]).tolist() == [1]
    assert server.asked == 2
    server = flaky(deed, deed)
    with pytest.raises(ServingError):
        server.client.predict([1])
    assert server.asked == 2


@pytest.mark.parametrize("status", [400, 401, 429, 500, 504, 307])
def test_other_answers_are_final(flaky: Any, status: int) -> None:
    server = flaky(status)
    with pytest.raises(PredictionError, match=r"Cannot now\.") as caught:
        server.client.predict([1])
    assert caught.value.status == status
    assert server.asked == 1


def test_wait_is_no_longer_than_the_time_there_is(flaky: Any) -> None:
    server = flaky(503, retry_after="3600")
    with pytest.raises(PredictionError) as caught:
        server.client.predict([1], timeout_s=2)
    assert caught.value.status == 503
    assert server.asked == 1


def test_silence_ends_in_time(flaky: Any) -> None:
    server = flaky("silence")
    with pytest.raises(ServingError, match="did not answer within"):
        server.client.predict([1], timeout_s=0.2)
    assert server.asked == 1


def test_url_must_be_one(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="digits"):
        EndpointClient("digits", lambda: TOKEN)
