"""torch's process group around a cell, and the threads that numerical libraries may use."""

from __future__ import annotations

import contextlib
import datetime
import os
import sys
from collections.abc import Iterator

_TIMEOUT = datetime.timedelta(minutes=30)


@contextlib.contextmanager
def process_group(backend: str) -> Iterator[None]:
    """Make the default process group of that backend, with gloo for tensors on the CPU in any case.

    The environment must be what ``torchrun`` sets. A group that the cell destroyed or replaced
    itself is left as the cell left it.
    """
    import torch
    import torch.distributed as dist

    if dist.is_initialized():  # Ray Train has made one already
        yield
        return
    if os.environ["MASTER_ADDR"].startswith("127."):
        # gloo looks its own address up by host name, which on a laptop can be slow or not resolve.
        os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo0" if sys.platform == "darwin" else "lo")
    if backend == "nccl":
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]) % torch.cuda.device_count())
        backend = "cpu:gloo,cuda:nccl"
    dist.init_process_group(backend, timeout=_TIMEOUT)
    try:
        yield
    finally:
        if dist.is_initialized():
            with contextlib.suppress(Exception):
                dist.destroy_process_group()


def limit_threads(threads: int) -> None:
    """Let BLAS, OpenMP and torch use this many threads in this process, and in its children."""
    for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[variable] = str(threads)
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(threads)
    else:
        from threadpoolctl import threadpool_limits

        threadpool_limits(threads)
