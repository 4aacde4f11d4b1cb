"""Starts the other servers, each in an environment that has what it needs, and ends them with all they started."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from workbench.cluster.ports import free_port

HERE = Path(__file__).parent
START_S, SETTLE_S, END_S = 120.0, 30.0, 20.0
QUIET = 0.2
OURS = ("RAY_", "WORKBENCH_", "MLFLOW_", "PYTHON")


class PeerError(Exception):
    """A peer that could not be installed or started; the message says why."""


@dataclass(frozen=True)
class Peer:
    """A server to compare with.

    Attributes:
        name: As people know it.
        command: How it is started, below ``bin/`` of its environment; KIND, MODELS, PORT and HERE are filled in.
        path: Where it answers.
        environment: The requirements it gets an environment of its own for; None for this one, whose MLflow it is.
        variables: Environment variables; the same words are filled in, STATE is a new folder.
        free_ports: Names of variables that get a free port.
    """

    name: str
    command: tuple[str, ...]
    path: str
    environment: str | None = None
    variables: dict[str, str] = field(default_factory=dict)
    free_ports: tuple[str, ...] = ()


_RAY = ("python", "HERE/serve_ray.py", "KIND", "MODELS", "PORT")
_HAPROXY = {
    "RAY_SERVE_ENABLE_HA_PROXY": "1",
    "RAY_SERVE_THROUGHPUT_OPTIMIZED": "1",
    "RAY_SERVE_HAPROXY_CONFIG_FILE_LOC": "STATE/haproxy.cfg",
    "RAY_SERVE_HAPROXY_SOCKET_PATH": "STATE/admin.sock",
    "RAY_SERVE_HAPROXY_SERVER_STATE_BASE": "STATE",
    "RAY_SERVE_HAPROXY_SERVER_STATE_FILE": "STATE/server-state",
    "RAY_SERVE_HAPROXY_METRICS_SOCKET_PATH": "STATE/metrics.sock",
}
PEERS = {
    "mlflow": Peer(
        "`mlflow models serve`",
        ("mlflow", "models", "serve", "--env-manager=local", "--host=127.0.0.1", "--port=PORT",
         "--model-uri=MODELS/KIND-mlflow"),
        "/invocations",
        variables={"MLFLOW_DISABLE_TELEMETRY": "true"},
    ),
    "litserve": Peer(
        "LitServe", ("python", "HERE/serve_litserve.py", "KIND", "MODELS", "PORT"), "/predict", "litserve"
    ),
    "bentoml": Peer(
        "BentoML",
        ("bentoml", "serve", "serve_bentoml:Model", "--working-dir=HERE", "--host=127.0.0.1", "--port=PORT"),
        "/predict",
        "bentoml",
        {"PEER_MODEL": '["KIND", "MODELS"]', "BENTOML_HOME": "STATE", "BENTOML_DO_NOT_TRACK": "True"},
    ),
    "ray": Peer("Ray Serve", _RAY, "/", "ray"),
    "haproxy": Peer(
        "Ray Serve with HAProxy, throughput-optimised", _RAY, "/", "ray", _HAPROXY,
        ("RAY_SERVE_HAPROXY_METRICS_PORT", "RAY_SERVE_HAPROXY_STATS_PORT"),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Running:
    """A peer that answers: where, and its process."""

    url: str
    process: psutil.Process

    def memory_mb(self) -> float:
        """What it and all that it started have resident, MiB; pages that they share count for each."""
        return sum(one.memory_info().rss for one in (self.process, *self.process.children(True))) / 2**20


@contextmanager
def running(peer: Peer, kind: str, models: Path) -> Iterator[Running]:
    """A peer that serves one of the models, from when it answers; ended with all that it started."""
    programs = Path(sys.executable).parent if peer.environment is None else _environment(peer.environment)
    port, state = free_port(), Path(tempfile.mkdtemp(prefix="peer-"))  # HAProxy's sockets need short paths
    words = {"KIND": kind, "MODELS": str(models), "PORT": str(port), "HERE": str(HERE), "STATE": str(state)}

    def filled(text: str) -> str:
        for word, value in words.items():
            text = text.replace(word, value)
        return text

    environ = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    environ |= {"PATH": f"{programs}:{environ['PATH']}", "RAY_USAGE_STATS_ENABLED": "0", "RAY_AUTH_MODE": "disabled"}
    environ |= {name: filled(value) for name, value in peer.variables.items()}
    environ |= {name: str(free_port()) for name in peer.free_ports}
    command = [str(programs / peer.command[0]), *map(filled, peer.command[1:])]
    log = state / "log"
    with log.open("w") as lines:
        process = psutil.Popen(
            command,
            stdout=lines,
            stderr=lines,
            stdin=subprocess.DEVNULL,
            env=environ,
            cwd=state,
            start_new_session=True,
        )
    try:
        _wait_for_answer(peer, port, json.loads((models / f"{kind}.json").read_text())["bodies"][0], process, log)
        settle(process)
        yield Running(f"http://127.0.0.1:{port}{peer.path}", process)
    finally:
        end(process)
        shutil.rmtree(state, ignore_errors=True)


def settle(process: psutil.Process) -> None:
    """Wait until a server with all that it started takes under a fifth of a core: Ray starts workers in advance."""
    began, before = time.monotonic(), _cpu_s(process)
    while time.monotonic() - began < SETTLE_S:
        time.sleep(1.0)
        now = _cpu_s(process)
        if sum(taken - before.get(pid, 0.0) for pid, taken in now.items()) < QUIET:
            return
        before = now


def _cpu_s(process: psutil.Process) -> dict[int, float]:
    found: dict[int, float] = {}
    for one in (process, *process.children(recursive=True)):
        try:
            found[one.pid] = sum(one.cpu_times()[:2])
        except psutil.NoSuchProcess:
            continue
    return found


def end(process: psutil.Process) -> None:
    """End a process in peace, and what it started and left behind without."""
    try:
        started = [process, *process.children(recursive=True)]
        process.terminate()
    except psutil.NoSuchProcess:
        return
    psutil.wait_procs([process], timeout=END_S)
    _, left = psutil.wait_procs(started, timeout=2.0)
    for one in left:
        try:
            one.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(left, timeout=END_S)


def _wait_for_answer(peer: Peer, port: int, body: str, process: psutil.Popen, log: Path) -> None:
    began, answer = time.monotonic(), "no answer"
    while time.monotonic() - began < START_S:
        if process.poll() is not None:
            answer = f"it ended with {process.returncode}"
            break
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("POST", peer.path, body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            if response.status == 200:
                return
            answer = f"{response.status} {response.read(200).decode(errors='replace')}"
        except (OSError, http.client.HTTPException) as error:
            answer = str(error)
        finally:
            connection.close()
        time.sleep(0.1)
    last = "\n".join(log.read_text(errors="replace").strip().splitlines()[-15:])
    raise PeerError(f"Cannot start {peer.name}: {answer}. The last that it printed:\n{last}")


def _environment(name: str) -> Path:
    """The programs of an environment, made where there is none with these requirements yet."""
    requirements = HERE / f"{name}.txt"
    mark = hashlib.sha256(requirements.read_bytes() + sys.version.encode()).hexdigest()[:8]
    folder = Path(os.environ.get("WORKBENCH_BENCH_PEERS") or HERE.parent / ".peers") / f"{name}-{mark}"
    programs, is_there = folder / "bin", folder / ".installed"
    if is_there.exists():
        return programs
    print(f"  installing {requirements.name} into {folder} …", flush=True)
    install = [str(programs / "python"), "-m", "pip", "install", "--quiet", "--requirement", str(requirements)]
    for command in ([sys.executable, "-m", "venv", "--clear", str(folder)], install):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise PeerError(f"Cannot install {requirements.name}: {done.stderr.strip().splitlines()[-1]}")
    is_there.touch()
    return programs
