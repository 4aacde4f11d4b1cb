"""MLflow's own pages for a project's tracking store."""

from __future__ import annotations

import sys

from workbench.cluster.pages_server import PagesServer
from workbench.settings import Settings


def serve(settings: Settings) -> str:
    """Return the URL of MLflow's pages, and start their server where it is not up yet.

    The server runs until logout. A tracking server has pages of its own, and its URL is returned.
    """
    if settings.tracking_uri.startswith(("http://", "https://")):
        return settings.tracking_uri
    return pages(settings).url()


def pages(settings: Settings) -> PagesServer:
    """Return the server of an embedded store's pages."""

    def command(port: int) -> list[str]:
        return [
            *(sys.executable, "-m", "mlflow", "server"),
            *("--backend-store-uri", settings.tracking_uri),
            *("--default-artifact-root", settings.artifact_dir.as_uri()),
            *("--host", "127.0.0.1", "--port", str(port), "--workers", "1"),
        ]

    return PagesServer(settings, "mlflow-ui", title="MLflow's pages", command=command, health="/health", mark="mlflow")
