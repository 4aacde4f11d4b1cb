"""Verbs about the pages of MLflow, Ray and Optuna, which are started where they are not up."""

from __future__ import annotations

from typing_extensions import TypedDict

from workbench.api.project import Project
from workbench.cluster.pages_server import PagesServer
from workbench.errors import OptionError


class PagesAddress(TypedDict):
    """Where pages are.

    Attributes:
        url: The address that a server passes requests on to.
        token: The token that it asks for, or an empty string.
    """

    url: str
    token: str


class StartedPages:
    """Servers of pages that this process knows, by what they show."""

    def __init__(self) -> None:
        self._servers: dict[str, PagesServer] = {}

    def url(self, key: str, server: PagesServer) -> str:
        """Return the address of pages; ``server`` serves them where none does yet."""
        return self._servers.setdefault(key, server).url()

    def close(self) -> None:
        """End the servers that this process started."""
        for server in self._servers.values():
            if server.is_ours:
                server.stop()


class DashboardVerbs:
    """Verbs about other projects' pages.

    Args:
        project: The project that the pages show.
        pages: The servers that were started so far.
    """

    def __init__(self, project: Project, pages: StartedPages) -> None:
        self._project = project
        self._pages = pages

    def dashboard(self, name: str, storage: str = "", prefix: str = "") -> PagesAddress:
        """Return where pages are; start them at need.

        Args:
            name: ``mlflow``, ``ray`` or ``optuna``.
            storage: The ``storage_id`` of a study, for Optuna's pages.
            prefix: The path below which the pages are seen.
        """
        if name == "ray":
            from workbench.cluster.dashboard import dashboard

            connection = self._project.connection(start=False)
            url, token = dashboard(connection.address, connection.dashboard)
            return {"url": url, "token": token}
        if name == "mlflow":
            from workbench.tracking import ui

            settings = self._project.settings
            if not settings.is_embedded_tracking:
                return {"url": ui.serve(settings), "token": ""}
            return {"url": self._pages.url(name, ui.pages(settings)), "token": ""}
        if name == "optuna":
            from workbench.sweeps.dashboard import pages

            server = pages(self._project.settings, self._storage_url(storage), prefix)
            return {"url": self._pages.url(name + storage, server), "token": ""}
        raise OptionError(f"Cannot open {name!r}: there are mlflow, ray and optuna.")

    def _storage_url(self, storage: str) -> str:
        from workbench.sweeps.storages import storage_urls
        from workbench.sweeps.studies import storage_id

        for url in storage_urls(self._project.settings):
            if storage_id(url) == storage:
                return url
        raise OptionError(f"Cannot open studies of {storage!r}: no storage of this project has that id.")
