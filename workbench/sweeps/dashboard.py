"""Serves optuna-dashboard below a path of another server.

``python -m workbench.sweeps.dashboard STORAGE --port N --prefix P``. optuna-dashboard's own program serves from the
root of a server only. Its pages have paths in three places; those are rewritten, and a version that has them elsewhere
is refused.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from workbench.cluster.pages_server import PagesServer
from workbench.settings import Settings
from workbench.sweeps.studies import open_storage, storage_id

_IN_BUNDLE = (
    ('(null!=e?e:"")}handleResponse', '(null!=e?e:"{prefix}")}handleResponse'),
    ('url_prefix:"/dashboard"', 'url_prefix:"{prefix}/dashboard"'),
)
_IN_PAGE = (('src="/static/', 'src="{prefix}/static/'),)


def pages(settings: Settings, storage: str, prefix: str) -> PagesServer:
    """Return the server of a storage's pages below ``prefix``."""

    def command(port: int) -> list[str]:
        return [
            *(sys.executable, "-m", "workbench.sweeps.dashboard", storage),
            *("--port", str(port), "--prefix", prefix.rstrip("/")),
        ]

    return PagesServer(
        settings,
        f"optuna-ui-{storage_id(storage + prefix)}",
        title="optuna-dashboard",
        command=command,
        health="/api/meta",
        mark="workbench.sweeps.dashboard",
    )


def rewritten(text: str, places: Iterable[tuple[str, str]], prefix: str) -> str:
    """Return a page with its paths below a prefix.

    Args:
        text: The page.
        places: Each text with a path, and what takes its place; ``{prefix}`` in it stands for the prefix.
        prefix: The prefix.

    Raises:
        ValueError: A text is not in the page exactly once.
    """
    for before, after in places:
        if text.count(before) != 1:
            raise ValueError(f"this version of optuna-dashboard is not known: it has no single {before!r}")
        text = text.replace(before, after.replace("{prefix}", prefix))
    return text


def application(storage: str, prefix: str) -> Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]:
    """Return optuna-dashboard's WSGI application with rewritten pages."""
    import optuna_dashboard
    from optuna_dashboard import wsgi

    folder = Path(optuna_dashboard.__file__).parent
    bundle = rewritten((folder / "public" / "bundle.js").read_text(), _IN_BUNDLE, prefix).encode()
    page = rewritten((folder / "index.html").read_text(), _IN_PAGE, prefix).encode()
    inner = wsgi(open_storage(storage))

    def serve(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path == "/static/bundle.js":
            start("200 OK", [("Content-Type", "text/javascript"), ("Cache-Control", "max-age=86400")])
            return [bundle]
        if path in ("", "/") or path.startswith("/dashboard"):
            # Jupyter decides who may see it; the parallel coordinates need WebGL's unsafe-eval.
            policy = (
                "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; "
                "style-src 'self' data: 'unsafe-inline'; script-src 'self' 'unsafe-eval'"
            )
            start("200 OK", [("Content-Type", "text/html; charset=utf-8"), ("Content-Security-Policy", policy)])
            return [page]
        answer: Iterable[bytes] = inner(environ, start)
        return answer

    return serve


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Log no requests."""


def main() -> None:
    """Serve until the process is ended."""
    parser = argparse.ArgumentParser()
    parser.add_argument("storage")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--prefix", default="")
    arguments = parser.parse_args()
    app = application(arguments.storage, arguments.prefix)
    make_server("127.0.0.1", arguments.port, app, server_class=_Server, handler_class=_Quiet).serve_forever()


if __name__ == "__main__":
    main()
