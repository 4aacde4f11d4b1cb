"""Captured large values in Ray's object store, once per content, beyond the life of the kernel that sent them."""

from __future__ import annotations

import contextlib
import time
from typing import Any

import ray

_SHARE_OF_STORE = 0.3
_UNTOUCHED_S = 60.0


@ray.remote(num_cpus=0)
class Owner:
    """Own the shared objects: Ray drops an object when the process that put it ends."""

    def adopt(self, refs: list[Any]) -> list[Any]:
        """Put the same value again, as this process's own."""
        return [ray.put(ray.get(refs[0]))]


class SharedValues:
    """Shared values by digest, the least recently used dropped first.

    Args:
        limit_bytes: The most bytes to hold; None takes 30 % of the cluster's object store.
    """

    def __init__(self, limit_bytes: float | None = None) -> None:
        self._limit = limit_bytes
        self._refs: dict[str, list[Any]] = {}
        self._sizes: dict[str, int] = {}
        self._used_at: dict[str, float] = {}
        self._owner: Any = None

    def held(self, digests: list[str]) -> list[str]:
        """Return those of the digests that need not be sent; their values stay for a minute at least."""
        now = time.monotonic()
        for digest in digests:
            if digest in self._refs:
                self._used_at[digest] = now
        return [digest for digest in digests if digest in self._refs]

    def has_all(self, digests: tuple[str, ...]) -> bool:
        """Return whether all of these values are held, and have them stay for a minute at least."""
        return len(self.held(list(digests))) >= len(set(digests))

    def add(self, shared: dict[str, list[Any]], sizes: dict[str, int]) -> None:
        """Add values that a kernel has put."""
        self._refs.update(shared)
        self._sizes.update({digest: sizes.get(digest, 0) for digest in shared})
        self._used_at.update(dict.fromkeys(shared, time.monotonic()))
        self._evict()

    def refs(self, digests: tuple[str, ...]) -> dict[str, list[Any]]:
        """Return the references of these digests."""
        return {digest: self._refs[digest] for digest in digests}

    async def adopt(self, digests: list[str]) -> None:
        """Make values that a kernel put outlive that kernel."""
        if self._owner is None:
            self._owner = Owner.remote()  # type: ignore[attr-defined]
        for digest in digests:
            if digest not in self._refs:
                continue
            try:
                self._refs[digest] = await self._owner.adopt.remote(self._refs[digest])
            except ray.exceptions.RayError:  # the kernel ended first: it must send the value again
                self._refs.pop(digest, None)

    def _evict(self) -> None:
        limit = self._limit
        if limit is None:
            limit = _SHARE_OF_STORE * ray.cluster_resources().get("object_store_memory", 2**30)
        now = time.monotonic()
        for digest in sorted(self._refs, key=lambda key: self._used_at[key]):
            if sum(self._sizes[key] for key in self._refs) <= limit:
                return
            if now - self._used_at[digest] > _UNTOUCHED_S:
                self._refs.pop(digest)

    def close(self) -> None:
        """Drop everything."""
        self._refs.clear()
        if self._owner is not None:
            with contextlib.suppress(Exception):
                ray.kill(self._owner)
