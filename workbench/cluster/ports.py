"""Free ports of this machine."""

from __future__ import annotations

import socket


def free_port(ip: str = "127.0.0.1") -> int:
    """Return a port of that address that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind((ip, 0))
        port: int = probe.getsockname()[1]
        return port
