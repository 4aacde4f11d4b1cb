"""An endpoint as a Python object: predictions over HTTP, on connections that stay open."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import orjson
import urllib3
from urllib3.exceptions import HTTPError
from urllib3.exceptions import TimeoutError as NoAnswerError

from workbench.errors import EndpointNotFoundError, ModelNotFoundError, OptionError, PredictionError, ServingError
from workbench.serving.client.bodies import Body, from_answer, to_body
from workbench.serving.content_types import LINES

MAX_WAIT_S = 5.0
_PAUSE_S = 0.2


class EndpointClient:
    """Sends requests to an endpoint. Threads may share it.

    ::

        client = EndpointClient("http://127.0.0.1:8765/digits", lambda: token)
        client.predict([[0.0] * 64])         # array([3])
        client.predict(frame)                # a DataFrame goes as an Arrow stream
        for item in client.stream("Once"):   # a model that yields
            print(item)

    Args:
        url: The endpoint's URL.
        token: Returns the token; called before each request, its result is not kept.
        verify: For https: True, False, or a file of certificates to trust.
        connections: The number of connections that stay open, for as many threads.
    """

    def __init__(self, url: str, token: Callable[[], str], *, verify: bool | str = True, connections: int = 16) -> None:
        if not url.startswith(("http://", "https://")):
            raise OptionError(f"Cannot reach the endpoint: its URL is {url!r}. Give one that begins with http://.")
        self.url = url.rstrip("/")
        self._token = token
        self._pool = urllib3.PoolManager(
            maxsize=connections,
            retries=False,
            cert_reqs="CERT_REQUIRED" if verify else "CERT_NONE",
            ca_certs=verify if isinstance(verify, str) else None,
        )

    def __repr__(self) -> str:
        return f"EndpointClient({self.url!r})"

    def __enter__(self) -> EndpointClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._pool.clear()

    def predict(
        self, data: Any, *, model: str = "", version: str | None = None, key: str = "", timeout_s: float = 60
    ) -> Any:
        """Return the model's prediction for some rows.

        A request is made again, once, where the connection broke or nobody could answer (503).

        Args:
            data: A list of rows, or one row; a dictionary of columns or tensors, or one record; an array of NumPy, a
                tensor of torch; a DataFrame or Series of pandas, a table of pyarrow. A dictionary as MLflow's
                (``{"inputs": ...}``, ``{"dataframe_split": ...}``) goes as it is.
            model: The model's name, where the endpoint has several.
            version: The only version that may answer; None for whichever the traffic's weights choose.
            key: Requests of the same key go to the same version.
            timeout_s: The seconds that all of it may take.

        Returns:
            What the model's own ``predict`` gives, as far as JSON can tell: regular numbers, booleans and strings as an
            array (of int64, float64, bool or str; NaN and infinity as NaN), a table as a DataFrame, named outputs as a
            dictionary of these, all else as lists, dictionaries and single values.

        Raises:
            OptionError: The data cannot be sent.
            PredictionError: The endpoint answered with an error; ``status`` and ``field`` say more.
            EndpointNotFoundError: There is no such endpoint.
            ModelNotFoundError: It has no such model.
            ServingError: It cannot be reached, or did not answer in time.
        """
        answer = self._ask(to_body(data), model, self._headers(version, key), time.monotonic() + timeout_s)
        content = answer.data
        try:
            return from_answer(content)
        except (orjson.JSONDecodeError, KeyError, TypeError):
            text = f"Cannot read the answer of {self.url}: it is no prediction. Is it an endpoint's URL?"
            raise ServingError(text) from None

    def stream(
        self, data: Any, *, model: str = "", version: str | None = None, key: str = "", timeout_s: float = 60
    ) -> Iterator[Any]:
        """Yield what a model yields, item by item, as it yields them.

        Args and errors are those of :meth:`predict`; ``timeout_s`` is for the first item, and then between two items.
        """
        headers = {**self._headers(version, key), "Accept": LINES}
        deadline = time.monotonic() + timeout_s
        answer = self._ask(to_body(data), model, headers, deadline, is_whole=False)
        is_read = False
        try:
            for line in _lines(answer):
                yield self._item(line)
            is_read = True
        except NoAnswerError:
            raise self._too_long(timeout_s) from None
        except HTTPError:
            text = f"Cannot read on: {self.url} broke the connection. Ask again."
            raise ServingError(text) from None
        finally:
            # A connection with an answer that was not read to its end cannot serve the next request.
            answer.release_conn() if is_read else answer.close()

    def _headers(self, version: str | None, key: str) -> dict[str, str]:
        token = self._token()
        if not token.isascii() or not token.isprintable():
            raise OptionError("Cannot use the token: it holds other than printable ASCII. Copy it again.")
        headers = {"Authorization": f"Bearer {token}"}
        if version is not None:
            headers["X-Workbench-Version"] = str(version)
        if key:
            headers["X-Workbench-Key"] = key
        return headers

    def _ask(
        self, body: Body, model: str, headers: dict[str, str], deadline: float, *, is_whole: bool = True
    ) -> urllib3.BaseHTTPResponse:
        """Return a good answer to a request, sent a second time where that may help."""
        url = f"{self.url}/models/{quote(model, safe='')}/predict" if model else f"{self.url}/predict"
        headers = {**headers, "Content-Type": body.content_type}
        for is_last in (False, True):
            try:
                answer = self._post(url, body, headers, deadline, is_whole)
            except NoAnswerError:
                raise self._too_long(None) from None
            except HTTPError as error:
                if is_last or not self._wait(_PAUSE_S, deadline):
                    raise self._unreachable(error) from None
                continue
            if answer.status == 200:
                return answer
            wait_s = _retry_after_s(answer) if answer.status == 503 and not is_last else None
            content = answer.data
            if wait_s is None or not self._wait(wait_s, deadline):
                raise self._refused(answer.status, content, model, headers.get("X-Workbench-Version"))
        raise AssertionError("the last turn returns or raises")

    def _post(
        self, url: str, body: Body, headers: dict[str, str], deadline: float, is_whole: bool
    ) -> urllib3.BaseHTTPResponse:
        timeout = urllib3.Timeout(total=max(deadline - time.monotonic(), 0.001))
        # Redirects are not followed: the token is for this endpoint alone.
        return self._pool.request(
            "POST", url, body=body.content, headers=headers, timeout=timeout, redirect=False, preload_content=is_whole
        )

    def _wait(self, wait_s: float, deadline: float) -> bool:
        """Sleep and return True; return False at once where there is not enough time."""
        if time.monotonic() + wait_s >= deadline:
            return False
        time.sleep(wait_s)
        return True

    def _item(self, line: bytes) -> Any:
        """Return the item of a line of a stream; an error is the last line."""
        item = orjson.loads(line)
        if isinstance(item, dict) and set(item) == {"error"}:
            raise PredictionError(str(item["error"]), status=500, field=None)
        return item

    def _refused(self, status: int, content: bytes, model: str, version: str | None) -> Exception:
        """Return the exception for an answer that is an error."""
        field = None
        try:
            error = orjson.loads(content)
            message, field = str(error["error"]), error.get("field")
        except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
            message = f"Cannot predict: {self.url} answered with status {status}. Is it an endpoint's URL?"
        if status == 404 and version is None:
            is_model = model or "several models" in message
            return (ModelNotFoundError if is_model else EndpointNotFoundError)(message)
        return PredictionError(message, status=status, field=field)

    def _unreachable(self, error: Exception) -> ServingError:
        why = type(error).__name__
        return ServingError(f"Cannot reach {self.url}: {why}. Is it published? See %endpoints.")

    def _too_long(self, timeout_s: float | None) -> ServingError:
        limit = "its time" if timeout_s is None else f"{timeout_s:g} s"
        return ServingError(f"Cannot predict: {self.url} did not answer within {limit}. Give a longer timeout_s.")


def _retry_after_s(answer: urllib3.BaseHTTPResponse) -> float:
    """Return the seconds to wait before the next try: what the endpoint says, 5 at most."""
    try:
        wait_s = float(answer.headers.get("Retry-After", ""))
    except ValueError:
        wait_s = 1.0
    return min(max(wait_s, 0.0), MAX_WAIT_S)


def _lines(answer: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
    """Yield whole lines, each as soon as it is there."""
    rest = b""
    for part in answer.stream(amt=None):
        *lines, rest = (rest + part).split(b"\n")
        yield from (line for line in lines if line.strip())
    if rest.strip():
        yield rest
