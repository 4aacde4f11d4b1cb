"""What clients get from the gateway over HTTP, with a real listener and replicas that speak the wire."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.gateways import (
    BODY,
    TOKEN,
    Gateway,
    until,
)
from tests.support.replicas import ReplicaThread
from workbench.records.endpoints import Limits
from workbench.serving.dataplane.request import Request
from workbench.serving.protocols.http_listener import HttpListener


@pytest.fixture
def client(gateway: Gateway) -> Iterator[httpx.Client]:
    gateway.serve()
    with gateway.client() as client:
        yield client


def test_predict_answers_with_the_version_that_did(client: httpx.Client) -> None:
    answer = client.post("/digits/predict", json=BODY)
    assert answer.status_code == 200
    assert answer.json() == {"predictions": [3.0]}
    assert answer.headers["X-Workbench-Version"] == "1"
    assert answer.headers["content-type"] == "application/json"


def test_ask_message_carries_what_the_client_said(gateway: Gateway) -> None:
    replica = gateway.serve(lambda ask: (200, "text/csv", b"y\n1\n"))
    headers = {"Content-Type": "text/csv", "Accept": "text/csv"}
    with gateway.client() as client:
        answer = client.post("/digits/models/digits/invocations/", content=b"x\n1\n", headers=headers)
    assert (answer.text, answer.headers["content-type"]) == ("y\n1\n", "text/csv")
    ask = next(message for message in replica.got if message[0] == "ask")
    assert ask[2:7] == ["", "invocations", "text/csv", "text/csv", b"x\n1\n"]
    assert 0 < ask[7] <= 60_000


@pytest.mark.parametrize("token", [None, "another", "é"])
def test_wrong_token_is_401_in_the_words_of_the_protocol(client: httpx.Client, token: str | None) -> None:
    headers = {} if token is None else {"Authorization": f"Bearer {token}".encode()}
    if token is None:
        del client.headers["Authorization"]
    answer = client.post("/digits/predict", json=BODY, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert "Authorization" in answer.json()["error"]
    scoring = client.post("/digits/invocations", json=BODY, headers=headers)
    assert scoring.json()["error_code"] == "UNAUTHENTICATED"


def test_endpoint_without_tokens_is_open_to_nobody(gateway: Gateway, client: httpx.Client) -> None:
    gateway.put(tokens={})
    assert client.post("/digits/predict", json=BODY).status_code == 401


@pytest.mark.parametrize(
    "path",
    ["/nobody/predict", "/digits/nothing", "/digits/models/x/nothing", "/v2/models", "/v2/nothing", "/v2/x/y"],
)
def test_unknown_path_is_404(client: httpx.Client, path: str) -> None:
    answer = client.request("POST" if "predict" in path else "GET", path)
    assert answer.status_code == 404
    assert answer.json()["error"].startswith("Cannot find")


def test_wrong_method_is_405_and_says_which(client: httpx.Client) -> None:
    answer = client.get("/digits/predict")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    answer = client.delete("/digits/ping")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD")


def test_head_has_no_body(client: httpx.Client) -> None:
    answer = client.head("/digits/health")
    assert (answer.status_code, answer.content) == (200, b"")
    assert client.get("/digits/health").content == b"\n"


def test_body_beyond_the_limit_is_413_before_it_is_read(gateway: Gateway, client: httpx.Client) -> None:
    connection = http.client.HTTPConnection(gateway.listening.http, timeout=10)
    connection.putrequest("POST", "/digits/predict")
    connection.putheader("Authorization", f"Bearer {TOKEN}")
    connection.putheader("Content-Length", str(2**30))
    connection.endheaders()
    answer = connection.getresponse()
    assert answer.status == 413
    assert str(16 * 2**20) in answer.read().decode()
    connection.close()


def test_chunked_body_beyond_the_limit_is_413(gateway: Gateway, client: httpx.Client) -> None:
    gateway.put(limits=Limits(max_body=1000))
    parts = (b"x" * 600 for _ in range(4))
    assert client.post("/digits/predict", content=parts).status_code == 413
    assert client.post("/digits/predict", content=b"x" * 1001).status_code == 413
    assert client.post("/digits/predict", json=BODY).status_code == 200


def test_stranger_who_sends_a_large_body_is_refused_before_it_is_read(gateway: Gateway, client: httpx.Client) -> None:
    connection = http.client.HTTPConnection(gateway.listening.http, timeout=10)
    connection.putrequest("POST", "/digits/predict")
    connection.putheader("Content-Length", str(10**6))
    connection.endheaders()
    assert connection.getresponse().status == 401
    connection.close()


def test_endless_headers_are_431(gateway: Gateway) -> None:
    host, _, port = gateway.listening.http.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=10) as stranger:
        stranger.sendall(b"GET / HTTP/1.1\r\nx: ")
        try:
            for _ in range(100):
                stranger.sendall(b"x" * 10_000)
        except OSError:
            pass
        assert stranger.recv(100).startswith(b"HTTP/1.1 431")


def test_nonsense_is_400_in_json(gateway: Gateway) -> None:
    host, _, port = gateway.listening.http.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=10) as stranger:
        stranger.sendall(b"nonsense\r\n\r\n")
        answer = stranger.recv(1000)
    assert answer.startswith(b"HTTP/1.1 400")
    assert b'{"error":"Cannot read the request' in answer


def test_compressed_body_is_415(client: httpx.Client) -> None:
    answer = client.post("/digits/predict", content=b"x", headers={"Content-Encoding": "gzip"})
    assert answer.status_code == 415


def test_fault_of_the_gateway_is_500_without_the_body_in_the_log(
    gateway: Gateway, client: httpx.Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(request: Request) -> None:
        raise ValueError(request.body.decode())

    monkeypatch.setattr(gateway.plane, "ask", fail)
    answer = client.post("/digits/predict", content=b"secret")
    assert answer.status_code == 500
    assert "ValueError" in caplog.text
    assert "secret" not in caplog.text + answer.text


def test_health_needs_no_token_and_metrics_does(gateway: Gateway, client: httpx.Client) -> None:
    client.post("/digits/predict", json=BODY)
    text = client.get("/digits/metrics").text
    assert 'workbench_requests_total{code="200",endpoint="digits",version="1"} 1.0' in text
    assert 'workbench_request_seconds_count{endpoint="digits",version="1"} 1.0' in text
    for name in "rows_total", "batches_total", "cache_hits_total", "unavailable_total", "queue", "ongoing", "replicas":
        assert f'workbench_{name}{{endpoint="digits",version="1"}}' in text
    assert client.get("/digits/version").text[0].isdigit()
    del client.headers["Authorization"]
    assert client.get("/digits/metrics").status_code == 401
    for path in (
        "/digits/ping",
        "/v2/health/live",
        "/v2/health/ready",
        "/digits/v2/health/ready",
        "/v2/models/digits/ready",
    ):
        assert client.get(path).status_code == 200
    assert client.get("/").json()["about"]
    assert "digits" not in client.get("/").text


def test_endpoint_without_a_replica_is_not_ready(gateway: Gateway) -> None:
    with gateway.client() as client:
        answer = client.get("/digits/ping")
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "5"
        assert client.get("/v2/models/nobody/ready").status_code == 404


def test_metadata_speaks_the_open_inference_protocol(client: httpx.Client) -> None:
    assert client.get("/v2").json()["extensions"] == ["binary_tensor_data"]
    for path in ("/v2/models/digits", "/digits/v2/models/digits", "/v2/models/digits/versions/1"):
        said = client.get(path).json()
        assert said["inputs"] == [{"name": "x", "datatype": "FP64", "shape": [-1, 2]}]
        assert said["outputs"] == [{"name": "y", "datatype": "INT64", "shape": [-1]}]
        assert (said["name"], said["versions"], said["platform"]) == ("digits", ["1"], "sklearn")


def test_binary_tensors_have_their_header_translated(gateway: Gateway) -> None:
    replica = gateway.serve(lambda ask: (200, "application/vnd.workbench.v2+binary;json=2", b"{}raw"))
    with gateway.client() as client:
        answer = client.post(
            "/v2/models/digits/infer", content=b"{}123", headers={"Inference-Header-Content-Length": "2"}
        )
        assert answer.headers["Inference-Header-Content-Length"] == "2"
        assert answer.headers["Content-Type"] == "application/octet-stream"
        assert answer.content == b"{}raw"
        assert replica.got[-1][4] == "application/vnd.workbench.v2+binary;json=2"
        wrong = client.post("/v2/models/digits/infer", content=b"{}", headers={"Inference-Header-Content-Length": "x"})
        assert wrong.status_code == 400


def test_docs_and_description_are_open(gateway: Gateway, client: httpx.Client) -> None:
    del client.headers["Authorization"]
    assert client.get("/digits/openapi.json").json()["servers"][0]["url"].endswith("/digits")
    assert "html" in client.get("/digits/docs").headers["content-type"]
    assert client.get("/digits/docs/assets/swagger-ui-bundle.js").status_code == 200
    assert client.get("/digits/docs/assets/../../predict").status_code in (404, 405)


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8765", "127.0.0.1.evil.example", "localhost.evil.example", ""]
)
@pytest.mark.parametrize("page", ["docs", "docs/assets/swagger-ui.css", "openapi.json"])
def test_open_pages_are_not_shown_to_another_host(client: httpx.Client, host: str, page: str) -> None:
    refused = client.get(f"/digits/{page}", headers={"Host": host})
    assert refused.status_code == 421
    assert refused.json()["error"].startswith("Cannot show this page")
    assert client.post("/digits/predict", json=BODY, headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1", "10.0.0.7:8765", "[::1]:8765"])
def test_open_pages_are_shown_to_addresses(client: httpx.Client, host: str) -> None:
    said = client.get("/digits/openapi.json", headers={"Host": host})
    assert said.json()["servers"][0]["url"] == f"http://{host}/digits"


def test_saved_example_is_shown_to_owners_of_a_token_alone(gateway: Gateway, client: httpx.Client) -> None:
    def example() -> Any:
        said = client.get("/digits/openapi.json").json()
        return said["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]["example"]

    assert example() == {"inputs": [[1.0, 2.0]]}
    for header in ("Bearer wrong", None):
        del client.headers["Authorization"]
        if header:
            client.headers["Authorization"] = header
        assert example() == {"inputs": [[0.0, 0.0]]}
        client.headers["Authorization"] = ""


def test_models_of_an_endpoint_are_asked_by_name(gateway: Gateway) -> None:
    replica = gateway.serve(models=("ones", "two.s"))
    with gateway.client() as client:
        assert client.post("/digits/models/ones/predict", json=BODY).status_code == 200
        assert replica.got[-1][2] == "ones"
        assert client.post("/v2/models/digits.two.s/infer", json=BODY).status_code == 200
        assert replica.got[-1][2] == "two.s"
        assert client.post("/digits/v2/models/ones/infer", json=BODY).status_code == 200
        for path in ("/digits/predict", "/digits/models/three/predict"):
            answer = client.post(path, json=BODY)
            assert answer.status_code == 404
            assert "ones, two.s" in answer.json()["error"]


def test_port_in_use_is_an_error_that_names_it(gateway: Gateway, tmp_path: Path) -> None:
    port = int(gateway.listening.http.rpartition(":")[2])
    with pytest.raises(OSError, match=f"port {port} is in use"):
        gateway.run(HttpListener(gateway.plane, "127.0.0.1", port).start())


def test_socket_of_replicas_is_for_this_user_only(gateway: Gateway) -> None:
    path = Path(gateway.path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_replica_with_a_wrong_secret_is_dropped(gateway: Gateway) -> None:
    for secret, version in (("wrong", "1"), ("a secret of the tests", "9")):
        stranger = ReplicaThread(gateway.path, version=version, secret=secret, is_ready=False)
        stranger.wait()
        assert stranger.got == []
    with socket.socket(socket.AF_UNIX) as stranger_socket:
        stranger_socket.connect(gateway.path)
        stranger_socket.sendall(b"\x01" * 20_000)
        stranger_socket.settimeout(10)
        try:
            assert stranger_socket.recv(10) == b""
        except ConnectionResetError:
            pass
    assert gateway.events == []


def test_replica_events_and_lines_are_told(gateway: Gateway) -> None:
    replica = gateway.serve()
    replica.send("log", "epoch 1\n")
    replica.send("failed", {"message": "no", "traceback": "..."})
    until(lambda: len(gateway.events) == 3)
    assert [event[:4] for event in gateway.events] == [
        ("digits", "1", "r1", kind) for kind in ("hello", "ready", "failed")
    ]
    assert gateway.events[0][4] == {"node": "n", "pid": 1, "app": ""}
    assert gateway.logs == [("digits", "1", "r1", "epoch 1\n")]
    replica.kill()
    until(lambda: gateway.events[-1][3] == "lost")
