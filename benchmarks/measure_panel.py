"""The panel in a real browser, and the server behind it, with 10,000 runs in the store."""

from __future__ import annotations

import gzip
import secrets
import statistics
import subprocess
import sys
import threading
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from big_store import fill
from figures import Figure, seconds

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.support.lab import Lab, NotebookPage, browser, running_lab, write_notebook
from workbench.cluster.ports import free_port

RUNS = 10_000
POINTS = 1_000_000
LINES = 1_000_000
STARTS = 3
QUIET_S = 15.0
SCROLL_S = 3.0
CLOCK = """%%train clock
import time
from workbench import log
while True:
    log(clock=int(time.time() * 10) % 10_000)
    time.sleep(0.25)
"""
# How old the number in the list is when it is drawn, in tenths of a second: both clocks are this machine's.
WATCH_CLOCK = """(wanted) => new Promise(resolve => {
    const ages = []; let last = '';
    const look = () => {
        const row = [...document.querySelectorAll('.wb-Run')].find(r => r.innerText.startsWith('clock'));
        const text = row?.querySelector('.wb-Run-metric div')?.textContent ?? '';
        if (text && text !== last) {
            if (last) ages.push(((Date.now() / 100) % 10000 - Number(text)) / 10);
            last = text;
        }
        ages.length < wanted ? requestAnimationFrame(look) : resolve(ages);
    };
    look();
})"""
SCROLL = """(seconds) => new Promise(resolve => {
    const list = document.querySelector('.wb-Runs-list'); const frames = []; let last = performance.now();
    const began = last;
    const step = now => {
        frames.push(now - last); last = now; list.scrollTop += 40;
        now - began < seconds * 1000 ? requestAnimationFrame(step) : resolve(frames.slice(2));
    };
    requestAnimationFrame(step);
})"""
WAIT_FOR_CURVE = """() => {
    performance.clearResourceTimings();
    window.drawn = new Promise(done => {
        const look = () => document.querySelector(".wb-Chart:not([data-points='0']) canvas")
            ? requestAnimationFrame(() => done(performance.now())) : requestAnimationFrame(look);
        look();
    });
}"""
DRAWN = """async () => {
    const at = await window.drawn;
    const reads = performance.getEntriesByType('resource').filter(entry => entry.name.includes('/series?'));
    return at - reads[0].responseEnd;
}"""


def measure(folder: Path) -> list[Figure]:
    """The figures."""
    project = folder / "panel"
    project.mkdir()
    write_notebook(project / "clock.ipynb", ["%load_ext workbench", CLOCK])
    long = fill(project, RUNS, long_points=POINTS)
    logs = project / ".workbench" / "runs" / long / "logs"
    logs.mkdir(parents=True)
    (logs / "rank-0.log").write_text("".join(f"step {number} loss 0.123456\n" for number in range(LINES)))
    figures = _server(folder)
    with running_lab(project, folder / "panel-state") as lab, browser() as chrome:
        figures += _under_load(lab)
        page = chrome.new_page(viewport={"width": 1400, "height": 900})
        page.set_default_timeout(120_000)
        figures += _page(lab, NotebookPage(page, lab), long)
    return figures


def _server(folder: Path) -> list[Figure]:
    """What the plugin adds to the start of Jupyter Server."""
    times: dict[bool, list[float]] = {True: [], False: []}
    for _ in range(STARTS):
        for is_on in times:
            times[is_on].append(_start_of_server(folder, is_on))
    added = statistics.median(times[True]) - statistics.median(times[False])
    return [
        Figure("start of Jupyter Server", seconds(times[True]), f"without the plugin {seconds(times[False])}",
               f"{added * 1000:+.0f} ms", "at most 100 ms more")
    ]  # fmt: skip


def _start_of_server(folder: Path, is_on: bool) -> float:
    port = free_port()
    token = secrets.token_hex(8)
    command = [sys.executable, "-m", "jupyter_server", f"--ServerApp.port={port}", "--ServerApp.open_browser=False"]
    command += [f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={folder}", "--allow-root"]
    command += [f"--ServerApp.jpserver_extensions=workbench_server={is_on}"]
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/api?token={token}", timeout=1).close()
            break
        except OSError:
            time.sleep(0.005)
    took = time.perf_counter() - began
    process.terminate()
    process.wait(20)
    return took


def _get(lab: Lab, path: str) -> float:
    began = time.perf_counter()
    request = urllib.request.Request(f"{lab.url}{path}", headers={"Authorization": f"token {lab.token}"})
    with urllib.request.urlopen(request, timeout=120) as answer:
        answer.read()
    return time.perf_counter() - began


def _under_load(lab: Lab) -> list[Figure]:
    """How long the server's own small answers take while the panel asks for pages of 10,000 runs."""
    _get(lab, "/workbench/api/runs?limit=100")
    alone = [_get(lab, "/api/status") for _ in range(100)]
    loaded: list[float] = []
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            loaded.append(_get(lab, "/api/status"))

    looking = threading.Thread(target=look)
    looking.start()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: _get(lab, "/workbench/api/runs?limit=200&order_by=-metrics.loss"), range(40)))
    done.set()
    looking.join()
    worst = sorted(loaded)[int(len(loaded) * 0.99)]
    return [
        Figure("an answer of Jupyter's own while 8 clients ask for pages of 10,000 runs",
               f"{seconds(loaded)}, 99 % within {worst * 1000:.0f} ms", f"with nobody asking {seconds(alone)}",
               "–", "event loop never blocked for over 50 ms")
    ]  # fmt: skip


def _page(lab: Lab, notebook: NotebookPage, long: str) -> list[Figure]:
    page = notebook.page
    sizes: dict[str, int] = {}

    def note(response: Any) -> None:
        if "/jupyter-ml-workbench/static/" in response.url and response.url.split("?")[0].endswith(".js"):
            sizes[response.url] = len(gzip.compress(response.body()))

    page.on("response", note)
    notebook.open("clock.ipynb")
    page.wait_for_timeout(3000)
    at_start = sum(sizes.values())

    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/workbench/" in request.url else None)
    page.wait_for_timeout(QUIET_S * 1000)
    hidden = len(asked)

    first = _shown(page, lambda: notebook.command("workbench:show-panel"), ".wb-Run")
    frames = [frame / 1000 for frame in page.evaluate(SCROLL, SCROLL_S)]
    slow = sum(frame > 1 / 30 for frame in frames)
    page.evaluate("document.querySelector('.wb-Runs-list').scrollTop = 0")

    def open_long() -> None:
        notebook.command("workbench:open-run", {"runId": long, "name": "long"})

    page.evaluate(WAIT_FOR_CURVE)
    opened = _shown(page, open_long, ".wb-Chart:not([data-points='0']) canvas")
    drawn = page.evaluate(DRAWN) / 1000
    log = _shown(page, lambda: page.get_by_role("tab", name="Logs", exact=True).click(), ".wb-Logs-line")
    page.get_by_text(f"{LINES:,} lines").wait_for()
    top = "document.querySelector('.wb-Logs-lines').scrollTop = 0"
    page.get_by_label("Follow").uncheck()
    log_top = _shown(page, lambda: page.evaluate(top), ".wb-Logs-line:has-text('step 3 loss')")

    mlflow = page.context.browser.new_page()
    mlflow.set_default_timeout(120_000)
    mlflow.goto(f"{lab.url}/workbench/dashboards/mlflow/?token={lab.token}")  # starts it
    mlflow.goto("about:blank")
    began = time.perf_counter()
    mlflow.goto(f"{lab.url}/workbench/dashboards/mlflow/#/experiments/1/runs")
    mlflow.get_by_text("run-9999").first.wait_for()
    peer = time.perf_counter() - began
    mlflow.close()

    page.locator(".lm-TabBar-tabLabel", has_text="clock.ipynb").click()
    notebook.run_cell(0)
    notebook.run_cell(1)
    page.locator(".wb-Run", has_text="clock").locator(".wb-Run-metric").wait_for()
    ages = page.evaluate(WATCH_CLOCK, 30)
    return [
        Figure("first page of 10,000 runs in the panel", f"{first:.2f} s", f"MLflow's own page {peer:.2f} s",
               f"{peer / first:.1f} times sooner", "at most 1 s"),
        Figure("a frame while 10,000 runs scroll", seconds(frames), "–",
               f"{1 / statistics.median(frames):.0f} frames a second; {slow} of {len(frames)} over 33 ms",
               "60 frames a second"),
        Figure("a metric logged in a cell is drawn in the panel", seconds(ages), "–", "–", "within 1 s"),
        Figure("1,000,000 points: drawn, once they have come", f"{drawn:.2f} s", "–", "–", "under 0.3 s"),
        Figure("1,000,000 points: from the click to the curve", f"{opened:.2f} s", "–", "–", "–"),
        Figure("1,000,000 lines of log: its end, then its beginning", f"{log:.2f} s, {log_top:.2f} s", "–", "–",
               "without freezing"),
        Figure("JavaScript at start, gzipped", f"{at_start / 1000:.0f} kB in {len(sizes)} files", "–", "–",
               "under 500 kB"),
        Figure(f"requests in {QUIET_S:g} s while the panel is hidden", str(hidden), "–", "–", "none"),
    ]  # fmt: skip


def _shown(page: Any, action: Any, selector: str) -> float:
    """Seconds from an action until something is in the page."""
    began = time.perf_counter()
    action()
    page.locator(selector).first.wait_for()
    return time.perf_counter() - began
