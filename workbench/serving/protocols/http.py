"""The gateway's HTTP server: a plain ASGI application, without a framework between a request and its answer."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import re
import socket
import traceback
from collections.abc import Awaitable, Callable, MutableMapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import orjson

from workbench.serving.content_types import JSON
from workbench.serving.dataplane.data_plane import DataPlane
from workbench.serving.dataplane.endpoint import ServedEndpoint
from workbench.serving.dataplane.pending_request import StreamError
from workbench.serving.dataplane.request import Answer, Request
from workbench.serving.dataplane.request_error import RequestError
from workbench.serving.protocols import oip
from workbench.serving.protocols.http_bodies import read_body, send_answer
from workbench.serving.protocols.http_routes import MODEL_VERBS, Target, find_target
from workbench.serving.protocols.prometheus import metrics_text

_log = logging.getLogger(__name__)
_HOST = re.compile(r"[A-Za-z0-9.\-]+(:\d+)?|\[[0-9a-fA-F:.]+\](:\d+)?")
_EARLY = 64 * 1024
"""A longer body is read only once the token is accepted."""

Message = MutableMapping[str, Any]


class HttpApp:
    """Answers HTTP requests.

    Args:
        plane: The data plane that answers.
        host: The interface that it listens on; browsers may use this name for the open pages.
    """

    def __init__(self, plane: DataPlane, host: str = "") -> None:
        self._plane = plane
        self._host = host

    async def __call__(
        self,
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        """Answer a request."""
        connection = scope.get("workbench.connection")
        transport = None
        if connection is not None:
            if connection.is_lost:
                return
            connection.task = asyncio.current_task()
            transport = connection.transport
        verb = ""
        try:
            try:
                target = find_target(scope["path"], self._is_endpoint)
                verb = target.verb
                if scope["method"] not in target.methods:
                    raise _wrong_method(scope["method"], target)
                headers = dict(scope["headers"])
                if verb in MODEL_VERBS:
                    answer = await self._ask(target, headers, receive)
                else:
                    answer = self._look(target, headers)
            except RequestError as error:
                answer = error.answer(verb)
            await send_answer(answer, send, verb, transport)
        except asyncio.CancelledError:
            if connection is None or not connection.is_lost:
                raise
        except StreamError:
            return  # uvicorn hangs up on an answer that is not whole
        except Exception as error:  # a bug of ours; its message may quote a body, so it is not logged
            where = "".join(traceback.format_tb(error.__traceback__))
            _log.error("Failed to answer a request (%s):\n%s", type(error).__name__, where)
            text = "Cannot answer: the gateway failed. Its log says where."
            await send_answer(RequestError(500, text).answer(verb), send, verb, transport)

    async def _ask(self, target: Target, headers: dict[bytes, bytes], receive: Any) -> Answer:
        endpoint = self._endpoint(target)
        most = endpoint.table.limits.max_body
        token = _token(headers)
        length = headers.get(b"content-length")
        if (length is None or int(length) > _EARLY) and endpoint.access.label_of(token) is None:
            endpoint.access.admit(token, 0.0)  # says why not
        if headers.get(b"content-encoding", b"identity").lower() != b"identity":
            raise RequestError(415, "Cannot read the body: its Content-Encoding is not known. Send it uncompressed.")
        body = await read_body(receive, length, most, endpoint.name)
        route = target.verb
        content_type = _text(headers.get(b"content-type")) or JSON
        if route == "infer" and oip.HEADER in headers:
            content_type = oip.binary_type(headers[oip.HEADER])
        only = headers.get(b"x-workbench-version")
        request = Request(
            target.endpoint,
            route,
            body,
            content_type,
            _text(headers.get(b"accept")),
            target.model,
            target.version if only is None else _text(only),
            token,
            _text(headers.get(b"x-workbench-key")),
        )
        return await self._plane.ask(request)

    def _look(self, target: Target, headers: dict[bytes, bytes]) -> Answer:
        """Answer what the gateway knows without a model."""
        verb = target.verb
        if not target.endpoint:
            return self._look_at_gateway(verb)
        endpoint = self._endpoint(target)
        if verb in ("docs", "openapi.json"):
            host = _text(headers.get(b"host"))
            if not self._is_own(host):
                raise _wrong_host(host)
            return _page(target.rest) if verb == "docs" else self._openapi(endpoint, host, _token(headers))
        if verb in ("ping", "health", "ready", "live"):
            return self._health(endpoint, target)
        if verb == "server":
            return Answer(200, orjson.dumps(oip.server()))
        if verb == "about":
            return Answer(200, orjson.dumps({"name": endpoint.name, "docs": f"/{endpoint.name}/docs"}))
        if endpoint.access.label_of(_token(headers)) is None:
            endpoint.access.admit(_token(headers), 0.0)  # says why not
        if verb == "version":
            return Answer(200, _mlflow_version().encode(), "text/plain; charset=utf-8")
        if verb == "metrics":
            return Answer(200, metrics_text(endpoint.versions.values()), "text/plain; version=0.0.4; charset=utf-8")
        return self._metadata(endpoint, target)

    def _look_at_gateway(self, verb: str) -> Answer:
        if verb in ("live", "ready"):
            return Answer(200, b"")
        if verb == "server":
            return Answer(200, orjson.dumps(oip.server()))
        text = "A Workbench gateway: it answers at /<endpoint>/predict; /<endpoint>/docs says how."
        return Answer(200, orjson.dumps({"about": text}))

    def _health(self, endpoint: ServedEndpoint, target: Target) -> Answer:
        if target.verb == "live":
            return Answer(200, b"")
        if target.version is not None:
            backend = endpoint.versions.get(target.version)
            is_ready = backend is not None and backend.is_ready
        else:
            is_ready = endpoint.is_ready
        if target.model:
            known = self._plane.schemas(endpoint.name, target.version)
            is_ready = is_ready and (not known or target.model in known)
        if is_ready:
            return Answer(200, b"\n" if target.verb in ("ping", "health") else b"", "text/plain; charset=utf-8")
        text = f"Cannot answer now: '{endpoint.name}' is not ready. Look at its state with %endpoints."
        raise RequestError(503, text, retry_after_s=5)

    def _metadata(self, endpoint: ServedEndpoint, target: Target) -> Answer:
        schemas = self._plane.schemas(endpoint.name, target.version)
        name = target.model or next(iter(schemas), "")
        if name not in schemas or (len(schemas) > 1 and not target.model):
            names = ", ".join(sorted(schemas)) or "none is ready"
            text = f"Cannot describe the model '{target.model}' of '{endpoint.name}': it is not known."
            raise RequestError(404, f"{text} There are: {names}.")
        shown = f"{endpoint.name}.{name}" if target.model else endpoint.name
        versions = [label for label, backend in endpoint.versions.items() if not backend.is_draining]
        return Answer(200, orjson.dumps(oip.metadata(shown, versions, schemas[name])))

    def _is_own(self, host: str) -> bool:
        """Return whether a Host header names this machine, so that a site whose name leads here reads no page."""
        if not _HOST.fullmatch(host):
            return False
        name = host[1 : host.index("]")] if host.startswith("[") else host.partition(":")[0]
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return name.lower() in ("localhost", self._host.lower(), socket.gethostname().lower())
        return True

    def _openapi(self, endpoint: ServedEndpoint, host: str, token: str | None) -> Answer:
        from workbench.serving.protocols.openapi import openapi

        schemas = self._plane.schemas(endpoint.name)
        is_known = endpoint.access.label_of(token) is not None
        said = openapi(
            endpoint.name, schemas, f"http://{host}/{endpoint.name}", endpoint.table.limits, with_examples=is_known
        )
        return Answer(200, orjson.dumps(said), headers={"Vary": "Authorization"})

    def _is_endpoint(self, name: str) -> bool:
        return self._plane.endpoint(name) is not None

    def _endpoint(self, target: Target) -> ServedEndpoint:
        endpoint = self._plane.endpoint(target.endpoint)
        if endpoint is None:
            text = f"Cannot find the endpoint '{target.endpoint[:80]}': there is none of this name."
            raise RequestError(404, text + " %endpoints lists them.")
        return endpoint


def _page(path: str) -> Answer:
    from workbench.serving.protocols.swagger_ui import docs

    answer = docs(path)
    if answer is None:
        raise RequestError(404, "Cannot find the page: there is none at this path. /docs is the first.")
    return answer


def _token(headers: dict[bytes, bytes]) -> str | None:
    scheme, _, token = _text(headers.get(b"authorization")).partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _text(value: bytes | None) -> str:
    return "" if value is None else value.decode("latin-1")


def _wrong_method(method: str, target: Target) -> RequestError:
    allowed = ", ".join(target.methods)
    text = f"Cannot {method[:20]} this: it takes {allowed}. Use {target.methods[0]}."
    return RequestError(405, text, headers={"Allow": allowed})


def _wrong_host(host: str) -> RequestError:
    text = f"Cannot show this page at {host[:80]!r}: the header Host names another machine."
    return RequestError(421, text + " Open it at localhost or the gateway's IP address.")


def _mlflow_version() -> str:
    try:
        return version("mlflow")
    except PackageNotFoundError:
        return version("mlflow-skinny")
