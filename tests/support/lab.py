"""A real JupyterLab with a real Chromium in front of it."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from workbench.cluster.ports import free_port

_CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


def chromium() -> str:
    """The browser's path: ``CHROMIUM``, or the system's."""
    named = os.environ.get("CHROMIUM")
    found = named or next(filter(None, map(shutil.which, _CHROMIUMS)), None)
    if found is None:
        raise RuntimeError("The browser tests need Chromium: tests/ui/install_browser.sh, or CHROMIUM=path.")
    return found


@dataclass
class Lab:
    """A JupyterLab that runs.

    Attributes:
        url: Where it listens.
        token: What it asks for.
        folder: The notebooks' folder.
    """

    url: str
    token: str
    folder: Path

    @property
    def home(self) -> str:
        """The page that comes back as it was left."""
        return f"{self.url}/lab?token={self.token}"

    def address(self, notebook: str) -> str:
        """The page of a notebook."""
        return f"{self.url}/lab/tree/{notebook}?token={self.token}&reset"


def write_notebook(path: Path, cells: list[str]) -> None:
    """A notebook of these cells, in a project folder of its own."""
    (path.parent / "pyproject.toml").touch()
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(book, path)


@contextlib.contextmanager
def running_lab(folder: Path, state: Path) -> Iterator[Lab]:
    """Start JupyterLab on a folder; its settings and workspaces are kept in ``state``."""
    port = free_port()
    token = secrets.token_hex(16)
    environ = {
        **os.environ,
        "JUPYTERLAB_SETTINGS_DIR": str(state / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(state / "workspaces"),
        "JUPYTER_CONFIG_DIR": str(state / "config"),
        "JUPYTER_RUNTIME_DIR": str(state / "runtime"),
    }
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}", "--ip=127.0.0.1",
        f"--IdentityProvider.token={token}", f"--notebook-dir={folder}", "--expose-app-in-browser",
        "--LabApp.news_url=",
    ]  # fmt: skip
    _without_news(state / "settings")
    with (state / "lab.log").open("w") as log:
        server = subprocess.Popen(command, env=environ, stdout=log, stderr=subprocess.STDOUT, cwd=folder)
        try:
            _wait(server, f"http://127.0.0.1:{port}/api?token={token}", state / "lab.log")
            yield Lab(f"http://127.0.0.1:{port}", token, folder)
        finally:
            server.terminate()
            server.wait(20)


def _without_news(settings: Path) -> None:
    """Answer JupyterLab's question for news ahead: it would lie over the notebook."""
    folder = settings / "@jupyterlab" / "apputils-extension"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "notification.jupyterlab-settings").write_text('{"fetchNews": "false", "checkForUpdates": false}')


def _wait(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"JupyterLab did not come up:\n{log.read_text()[-2000:]}")


@contextlib.contextmanager
def browser() -> Iterator[Any]:
    """A headless Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium(), args=_FLAGS)
        try:
            yield found
        finally:
            found.close()


def shoot(page: Any, name: str) -> None:
    """A screenshot for whoever wants to look: WORKBENCH_SCREENSHOTS=folder."""
    if folder := os.environ.get("WORKBENCH_SCREENSHOTS"):
        page.screenshot(path=str(Path(folder) / f"{name}.png"))


def form_dialog(page: Any) -> Any:
    """The dialog with fields that opens, once its first one has got the focus: text typed sooner may land there."""
    page.locator(".jp-Dialog :is(input, select, textarea):focus").wait_for()
    return page.locator(".jp-Dialog")


class NotebookPage:
    """A notebook in the browser.

    Args:
        page: Playwright's page.
        lab: The JupyterLab that it shows.
    """

    def __init__(self, page: Any, lab: Lab) -> None:
        self.page = page
        self.lab = lab

    def open(self, notebook: str) -> None:
        """Open a notebook and wait for its kernel."""
        self.page.goto(self.lab.address(notebook))
        self.page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=60_000)
        self.wait_for_kernel()

    def wait_for_kernel(self) -> None:
        """Wait until the kernel is idle."""
        self.page.wait_for_selector(".jp-NotebookPanel-toolbar [data-status=idle]", timeout=60_000, state="attached")

    def reload(self) -> None:
        """Load JupyterLab again once it has kept its layout, which it does a second after a change; it comes back so.

        A notebook that the address names would be opened over what was restored, at any moment.
        """
        self.page.evaluate("""async () => {
            await new Promise(done => setTimeout(done, 1500));
            await window.jupyterapp.serviceManager.workspaces.list();
        }""")
        self.page.goto(self.lab.home)
        self.page.wait_for_function("() => window.jupyterapp?.restored.then(() => true)", timeout=60_000)

    def command(self, name: str, arguments: dict[str, object] | None = None) -> None:
        """Begin a command of JupyterLab; one that asks in a dialog ends only with the answer."""
        self.page.evaluate(
            "([name, args]) => { window.jupyterapp.commands.execute(name, args); }", [name, arguments or {}]
        )

    def run_cell(self, index: int) -> None:
        """Execute one code cell, counted from 0, and wait until the kernel has got it."""
        cell = self.page.locator(".jp-Notebook .jp-CodeCell").nth(index)
        cell.locator(".cm-content").click()
        for _ in range(5):
            self.page.keyboard.press("Control+Enter")
            try:
                cell.locator(".jp-InputPrompt:not(:text-is('[ ]:'))").wait_for(timeout=3_000)
                return
            except PlaywrightTimeout:  # the page was still busy opening the notebook
                continue
        raise AssertionError(f"cell {index} was not executed")

    def output(self, index: int) -> Any:
        """What a code cell shows, counted from 0."""
        return self.page.locator(".jp-Notebook .jp-CodeCell").nth(index).locator(".jp-Cell-outputArea")


@contextlib.contextmanager
def notebook_with_panel(lab: Lab, name: str) -> Iterator[NotebookPage]:
    """A notebook whose first cell has been run, with the panel beside it."""
    with browser() as chrome:
        page = NotebookPage(chrome.new_page(viewport={"width": 1400, "height": 900}, accept_downloads=True), lab)
        page.page.set_default_timeout(30_000)
        page.open(name)
        page.command("workbench:show-panel")
        page.page.wait_for_selector(".wb-Panel")
        page.run_cell(0)
        yield page
