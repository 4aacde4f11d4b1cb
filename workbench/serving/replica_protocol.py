"""The protocol between gateway and replicas: MessagePack arrays on a stream, whose first item names the message.

A replica dials the gateway: a Unix socket on the gateway's machine, else TCP. Then, replica to gateway::

    ["hello", {"secret", "endpoint", "version", "replica", "node", "pid", "app"}]    first; app may be left out
    ["ready", {"models": {name: schema}}]        it has loaded, and answered its own example
    ["failed", {"message", "traceback"}]         it has not; the traceback is the model's own
    ["answer", id, status, content_type, body, [rows, batch_rows, wait_ms, model_ms]]
    ["start", id, status, content_type]          the answer comes in parts
    ["chunk", id, bytes]
    ["end", id, error]                           error is None, or words
    ["log", text]                                whole lines that the model printed
    ["holds", [model, ...]]                      the models it has loaded, when that changes
    ["leaving"]                                  it goes: ask it nothing more; "stop" says that nothing more comes

Gateway to replica::

    ["welcome"]                                  first: the hello was accepted; else it hangs up
    ["ask", id, model, route, content_type, accept, body, ms_left]    model "" is the only one
    ["cancel", id]                               nobody waits for it any more
    ["options", {"slo_ms", "max_batch"}]         from now on
    ["stop"]                                     answer what is queued, then go

``route`` is ``predict``, ``invocations``, ``infer`` (Open Inference Protocol) or ``stream``. A ``schema`` is::

    {"inputs": [{"name", "dtype", "shape"}], "outputs": [...] or None, "is_columns": bool, "example": str or None,
     "flavor": str, "streams": bool}

dtype is NumPy's word (``float64``, ``str``), -1 in a shape is any length, ``is_columns`` says that inputs are the
columns of a table (their shape is ``[-1]``), and the example is the JSON body of a ``predict`` request.
"""

from __future__ import annotations

import socket
from typing import Any, TypedDict

import msgpack


class ReplicaSpec(TypedDict):
    """What the gateway gives a new replica; it travels through Ray Serve, not over the connection.

    Attributes:
        endpoint: The endpoint's name.
        version: The version's label.
        app: The Serve application that the replica is of.
        models: MLflow's URI of each model by its name.
        files: The folder of each model by its name, an empty string where it is not known.
        options: The fields of :class:`workbench.records.endpoints.ServingOptions`.
        secret: The secret by which the gateway knows its replicas.
        environ: Environment variables of the replica.
    """

    endpoint: str
    version: str
    app: str
    models: dict[str, str]
    files: dict[str, str]
    options: dict[str, Any]
    secret: str
    environ: dict[str, str]


MAX_MESSAGE = 2**31 - 1
_PATIENCE = {"TCP_KEEPIDLE": 10, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 4, "TCP_USER_TIMEOUT": 30_000}


def pack(*message: Any) -> bytes:
    """Return a message's bytes."""
    packed: bytes = msgpack.packb(message, use_bin_type=True)
    return packed


def unpacker() -> Any:
    """Return an unpacker, which takes bytes (``feed``) and yields whole messages."""
    return msgpack.Unpacker(raw=False, use_list=True, max_buffer_size=MAX_MESSAGE)


def notice_loss(connection: socket.socket) -> None:
    """Have a TCP connection break within half a minute when the other machine vanishes."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _PATIENCE.items():
        if hasattr(socket, name):  # not every system has every option
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
