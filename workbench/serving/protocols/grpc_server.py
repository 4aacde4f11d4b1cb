"""The Open Inference Protocol over gRPC, for clients such as tritonclient.grpc."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import aclosing
from functools import partial
from time import monotonic
from typing import Any

import grpc
import orjson
from tritonclient.grpc import service_pb2 as pb
from tritonclient.grpc import service_pb2_grpc

from workbench.records.endpoint_snapshot import ModelSchema
from workbench.serving.content_types import JSON, LINES
from workbench.serving.dataplane.data_plane import DataPlane
from workbench.serving.dataplane.endpoint import ServedEndpoint, too_large
from workbench.serving.dataplane.pending_request import StreamError
from workbench.serving.dataplane.request import Answer, Request
from workbench.serving.dataplane.request_error import RequestError
from workbench.serving.protocols import oip
from workbench.serving.protocols.grpc_messages import (
    MessageError,
    binary_request,
    bytes_tensor,
    infer_response,
    json_request,
)
from workbench.serving.protocols.http_routes import split_name

MAX_MESSAGE = 64 * 2**20 + 64 * 1024
"""Bytes of a message that gRPC takes in before anybody looks whose it is. An endpoint that allows longer bodies gets
them over HTTP alone."""

LARGE = 256 * 1024
"""Longer messages and answers are converted in a thread, so that the event loop serves others meanwhile."""

_MOST_WORDS = 2000  # gRPC's clients take 16 kB of trailers
_CODES = {
    400: grpc.StatusCode.INVALID_ARGUMENT,
    401: grpc.StatusCode.UNAUTHENTICATED,
    404: grpc.StatusCode.NOT_FOUND,
    413: grpc.StatusCode.RESOURCE_EXHAUSTED,
    415: grpc.StatusCode.INVALID_ARGUMENT,
    429: grpc.StatusCode.RESOURCE_EXHAUSTED,
    500: grpc.StatusCode.INTERNAL,
    503: grpc.StatusCode.UNAVAILABLE,
    504: grpc.StatusCode.DEADLINE_EXCEEDED,
}


Reader = Callable[[Any], tuple[bytes, str]]
"""Returns body and content type of a message. Raises ``MessageError``."""


async def start_grpc(
    plane: DataPlane, host: str, port: int, *, max_message: int = MAX_MESSAGE
) -> tuple[grpc.aio.Server, int]:
    """Listen for gRPC.

    Args:
        plane: The data plane that answers.
        host: The address to listen at, nothing else is bound. gRPC takes ``0.0.0.0`` for all interfaces, IPv6 too.
        port: 0 takes a free one.
        max_message: Bytes of a message that comes in; a longer one is RESOURCE_EXHAUSTED. gRPC takes a message in
            whole before it is known whose it is, so this holds for all endpoints; those with less refuse it after.

    Returns:
        The server, for ``stop``, and the port.

    Raises:
        OSError: The port is in use.
    """
    options = [
        ("grpc.max_receive_message_length", max_message),
        ("grpc.max_send_message_length", -1),
        ("grpc.so_reuseport", 0),  # else two gateways can listen on one port and share its requests
    ]
    server = grpc.aio.server(options=options)
    service_pb2_grpc.add_GRPCInferenceServiceServicer_to_server(InferenceService(plane), server)
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        bound = server.add_insecure_port(address)
    except RuntimeError:
        bound = 0
    if not bound:
        message = f"Cannot listen for gRPC on {address}: port {port} is in use or not ours. Take another port."
        raise OSError(errno.EADDRINUSE, message)
    await server.start()
    return server, bound


class InferenceService(service_pb2_grpc.GRPCInferenceServiceServicer):  # type: ignore[misc]  # gRPC has no types
    """The calls of the protocol; those that Triton adds (its repository, shared memory) answer UNIMPLEMENTED."""

    def __init__(self, plane: DataPlane) -> None:
        self._plane = plane

    async def ServerLive(self, request: Any, context: Any) -> Any:
        """Answer that the gateway is up."""
        return pb.ServerLiveResponse(live=True)

    async def ServerReady(self, request: Any, context: Any) -> Any:
        """Answer that the gateway is ready."""
        return pb.ServerReadyResponse(ready=True)

    async def ServerMetadata(self, request: Any, context: Any) -> Any:
        """Answer with name and version of the server."""
        return pb.ServerMetadataResponse(**oip.server())

    async def ModelReady(self, request: Any, context: Any) -> Any:
        """Answer whether a model is ready."""
        return pb.ModelReadyResponse(ready=self._schema(request.name, request.version) is not None)

    async def ModelMetadata(self, request: Any, context: Any) -> Any:
        """Answer with a model's tensors."""
        endpoint = self._plane.endpoint(self._split(request.name)[0])
        try:
            if endpoint is not None:
                endpoint.access.admit(_token(_metadata(context)), monotonic())
        except RequestError as error:
            await context.abort(_CODES[error.status], error.message)
        schema = self._schema(request.name, request.version)
        if schema is None:
            wanted = f"{request.name!r}, version {request.version!r}" if request.version else f"{request.name!r}"
            text = f"Cannot describe model {wanted}: there is no such one, or it is not ready. See %endpoints."
            await context.abort(grpc.StatusCode.NOT_FOUND, text)
        assert schema is not None
        return pb.ModelMetadataResponse(**oip.metadata(request.name, list(filter(None, [request.version])), schema))

    async def ModelInfer(self, request: Any, context: Any) -> Any:
        """Answer one request."""
        try:
            answer = await self._ask(request, context, binary_request)
        except MessageError as error:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        trailing = tuple((name.lower(), value) for name, value in answer.headers.items())
        if answer.status != 200:
            code = _CODES.get(answer.status, grpc.StatusCode.UNKNOWN)
            await context.abort(code, _error_text(answer), trailing)
        context.set_trailing_metadata(trailing)
        return await _response(request, answer)

    async def ModelStreamInfer(self, requests: Any, context: Any) -> AsyncIterator[Any]:
        """Answer each request of the stream in turn; a model that yields answers with a message for each item."""
        async for request in requests:
            schema: Mapping[str, Any] = self._schema(request.model_name, request.model_version) or {}
            try:
                if schema.get("streams"):
                    is_named = bool(schema["inputs"])
                    answer = await self._ask(request, context, _json_reader(is_named), route="stream")
                else:
                    answer = await self._ask(request, context, binary_request)
            except MessageError as error:
                yield pb.ModelStreamInferResponse(error_message=str(error))
                continue
            if answer.status != 200:
                yield pb.ModelStreamInferResponse(error_message=_error_text(answer))
            elif answer.parts is None:
                yield pb.ModelStreamInferResponse(infer_response=await _response(request, answer))
            else:
                async for message in _items(request, answer, schema):
                    yield message

    async def _ask(self, request: Any, context: Any, read: Reader, *, route: str = "infer") -> Answer:
        """Have the data plane answer; a message is read only within the limit, and for those who may ask."""
        endpoint, model = self._split(request.model_name)
        metadata = _metadata(context)
        known = self._plane.endpoint(endpoint)
        body, content_type = b"", JSON  # the data plane answers for an endpoint that does not exist
        if known is not None:
            size = request.ByteSize()
            try:
                _admit(known, _token(metadata), size)
            except RequestError as error:
                return error.answer(route)
            body, content_type = read(request) if size <= LARGE else await asyncio.to_thread(read, request)
        return await self._plane.ask(
            Request(
                endpoint=endpoint,
                route=route,
                body=body,
                content_type=content_type,
                accept=LINES if route == "stream" else "",
                model=model,
                version=request.model_version or metadata.get("x-workbench-version") or None,
                token=_token(metadata),
                key=metadata.get("x-workbench-key", ""),
            )
        )

    def _split(self, name: str) -> tuple[str, str]:
        """Return endpoint and model of ``endpoint`` or ``endpoint.model``."""
        return split_name(name, lambda known: self._plane.endpoint(known) is not None)

    def _schema(self, name: str, version: str) -> ModelSchema | None:
        """Return a model's schema, None where no such model is ready."""
        endpoint, model = self._split(name)
        schemas = self._plane.schemas(endpoint, version or None)
        if model:
            return schemas.get(model)
        return next(iter(schemas.values())) if len(schemas) == 1 else None


def _admit(endpoint: ServedEndpoint, token: str | None, size: int) -> None:
    if endpoint.access.label_of(token) is None:
        endpoint.access.admit(token, 0.0)  # says why not
    most = endpoint.table.limits.max_body
    if size > most:
        raise too_large(endpoint.name, most)


def _json_reader(is_named: bool) -> Reader:
    return lambda request: (json_request(request, is_named=is_named), JSON)


def _metadata(context: Any) -> dict[str, str]:
    return {key: value for key, value in context.invocation_metadata() or () if isinstance(value, str)}


def _token(metadata: dict[str, str]) -> str | None:
    scheme, _, token = metadata.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _error_text(answer: Answer) -> str:
    """Return the message of an answer that is an error."""
    try:
        text = orjson.loads(answer.body)["error"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        text = answer.body.decode(errors="replace")
    return str(text)[:_MOST_WORDS] or f"Cannot answer: status {answer.status}."


async def _response(request: Any, answer: Answer) -> Any:
    about = {"id": request.id, "model_name": request.model_name, "model_version": _version(request, answer)}
    write = partial(
        infer_response, answer.body, answer.content_type, is_raw=len(request.raw_input_contents) > 0, **about
    )
    return write() if len(answer.body) <= LARGE else await asyncio.to_thread(write)


def _version(request: Any, answer: Answer) -> str:
    return answer.headers.get("X-Workbench-Version") or str(request.model_version)


async def _items(request: Any, answer: Answer, schema: Mapping[str, Any]) -> AsyncIterator[Any]:
    """Yield what a model yields: each item as a BYTES tensor with its JSON. Parts are whole lines."""
    name = (schema.get("outputs") or [{"name": "predictions"}])[0]["name"]
    about = {"id": request.id, "model_name": request.model_name, "model_version": _version(request, answer)}
    assert answer.parts is not None
    try:
        async with aclosing(answer.parts) as parts:  # type: ignore[type-var]  # it is a generator
            async for part in parts:
                for line in part.splitlines():
                    response = pb.ModelInferResponse(**about)
                    response.outputs.add(name=name, datatype="BYTES", shape=[1])
                    response.raw_output_contents.append(bytes_tensor([line]))
                    yield pb.ModelStreamInferResponse(infer_response=response)
    except StreamError as error:
        yield pb.ModelStreamInferResponse(error_message=str(error))
