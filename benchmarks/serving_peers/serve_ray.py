"""Ray Serve with a plain deployment: ``python serve_ray.py KIND FOLDER PORT``; ends with SIGTERM."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import models
import ray
from ray import serve
from starlette.requests import Request


@serve.deployment
class Model:
    """The model, asked with JSON."""

    def __init__(self, kind: str, folder: str) -> None:
        self.answer = models.load(kind, Path(folder))

    async def __call__(self, request: Request) -> dict[str, object]:
        return {"predictions": self.answer((await request.json())["inputs"])}


def main() -> None:
    """Serve until told to end."""
    kind, folder, port = sys.argv[1:]
    here = {"env_vars": {"PYTHONPATH": str(Path(__file__).parent)}}
    ray.init(
        address="local", _node_ip_address="127.0.0.1", include_dashboard=False, log_to_driver=False, runtime_env=here
    )
    serve.start(http_options={"host": "127.0.0.1", "port": int(port)})
    serve.run(Model.bind(kind, folder), name="peer", route_prefix="/")
    signal.sigwait([signal.SIGTERM])
    ray.shutdown()


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    main()
