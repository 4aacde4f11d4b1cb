"""Access to an endpoint: its tokens, and the rate that each may have."""

from __future__ import annotations

import hashlib
import hmac
import time

from workbench.records.endpoints import RouteTable
from workbench.serving.dataplane.rate_limit import RateLimiter
from workbench.serving.dataplane.request_error import RequestError


class AccessControl:
    """Checks tokens and rates. An endpoint without tokens lets nobody in."""

    def __init__(self, table: RouteTable) -> None:
        self.last_used: dict[str, float] = {}
        self._name = table.name
        self._digests: list[tuple[str, bytes]] = []
        self._rates = RateLimiter(table.limits.rate)
        self.put(table)

    def put(self, table: RouteTable) -> None:
        """Use other tokens and limits from now on; the last use of a token that stays is kept."""
        if table.limits.rate != self._rates.rate:
            self._rates = RateLimiter(table.limits.rate)
        self._digests = [(label, digest.lower().encode()) for label, digest in table.tokens.items()]
        self.last_used = {label: at for label, at in self.last_used.items() if label in table.tokens}

    def label_of(self, token: str | None) -> str | None:
        """Return a token's label, None for an unknown one. It takes as long for any token, known or not."""
        if token is None:
            return None
        digest = hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest().encode()
        found = None
        for label, known in self._digests:
            if hmac.compare_digest(digest, known):
                found = label
        return found

    def admit(self, token: str | None, now: float) -> None:
        """Let a request in and record the use of its token.

        Raises:
            RequestError: 401 for a missing or unknown token, 429 for one that is used too often.
        """
        label = self.label_of(token)
        if label is None:
            said = "there is no token in the header Authorization" if token is None else "its token is not known"
            raise RequestError(
                401, f"Cannot ask the endpoint '{self._name}': {said}. Send 'Authorization: Bearer' and a token of it."
            )
        self.last_used[label] = time.time()
        wait_s = self._rates.take(label, now)
        if wait_s:
            raise RequestError(
                429,
                f"Cannot ask the endpoint '{self._name}': the limit is {self._rates.rate:g} requests per second and "
                f"token. Ask again in {wait_s:.1f} s.",
                retry_after_s=wait_s,
            )
