"""What a run looks like: text, card, bounded output."""

from __future__ import annotations

import pytest
from jupyter_client.manager import start_new_kernel

from workbench.display import card, text
from workbench.display.sparkline import sparkline
from workbench.display.table import Table
from workbench.notebook.outputs import OutputReplay
from workbench.records.runs import Failure, Progress, Resources, RunSnapshot, RunState, Waiting, WorkerSnapshot


def snapshot(state: RunState = RunState.RUNNING, **changes: object) -> RunSnapshot:
    return RunSnapshot("f" * 32, "digits", state, "nb", Resources(2), submitted_at=100.0, started_at=101.0, **changes)  # type: ignore[arg-type]


def test_card_escapes_what_users_write() -> None:
    evil = "<script>alert(1)</script>"
    shown = card.html(
        snapshot(RunState.FAILED, metrics={evil: 1.0}, failure=Failure("error", evil, traceback=evil, rank=0, fix=evil),
                 progress=Progress(1, 2, evil), notes=[evil], workers=[WorkerSnapshot(0, evil)]),
        now=110,
    )  # fmt: skip
    assert evil not in shown
    assert "&lt;script&gt;" in shown


def test_card_stays_small_in_the_worst_case() -> None:
    metrics = {f"metric_{i}": float(i) for i in range(100)}
    series = {name: [(float(step), float(step % 7)) for step in range(400)] for name in metrics}
    workers = [WorkerSnapshot(rank, "node", 1, 50.0, 1000.0) for rank in range(64)]
    shown = card.html(snapshot(metrics=metrics, series=series, workers=workers,
                               failure=Failure("error", "x", traceback="line\n" * 10_000)), now=110)  # fmt: skip
    assert len(shown) < 60_000


def test_card_tells_state_progress_and_wait() -> None:
    shown = card.html(snapshot(progress=Progress(3, 10, "epoch", 7.0)), now=110)
    assert 'role="progressbar"' in shown
    assert 'aria-valuenow="30"' in shown
    assert "about 7.0 s left" in shown
    waiting = Waiting("2 CPU", "0 CPU of 2 CPU free", ("other (2 CPU)",), ("%runs stop other",))
    assert "<code>%runs stop other</code>" in card.html(snapshot(RunState.QUEUED, waiting=waiting), now=110)


def test_text_tells_the_failure_with_its_rank() -> None:
    shown = text.render(
        snapshot(
            RunState.FAILED,
            ended_at=105.0,
            failure=Failure("error", "ValueError: no", traceback="line 3", rank=1, fix="do it"),
        )
    )
    assert shown.splitlines() == [
        "run digits · failed · 2 workers · 4.0 s", "  ValueError: no (rank 1)", "  line 3", "  do it"
    ]  # fmt: skip


@pytest.mark.parametrize("points", [[], [(0.0, 1.0)], [(0.0, float("nan")), (1.0, 2.0)]])
def test_sparkline_of_too_few_points_is_empty(points: list[tuple[float, float]]) -> None:
    assert sparkline(points, "x") == ""


def test_sparkline_of_a_constant_is_a_line() -> None:
    assert "polyline" in sparkline([(0.0, 1.0), (1.0, 1.0), (2.0, float("inf"))], "x")


def test_table_as_text_and_html() -> None:
    table = Table(("run", "acc"), (("a<b", "0.5"), ("c", "10")), frozenset({1}))
    assert repr(table) == "run  acc\na<b  0.5\nc     10"
    assert "a&lt;b" in table._repr_html_()
    assert "No runs" in Table(("run",), (), empty="No runs")._repr_html_()


def test_table_lines_up_wide_characters_and_colours() -> None:
    table = Table(("run", "acc"), (("漢字", "0.5"), ("\x1b[31mred\x1b[0m", "1")), frozenset({1}))
    assert repr(table) == "run   acc\n漢字  0.5\nred     1"


def test_table_is_text_in_a_kernel_too() -> None:
    manager, client = start_new_kernel()
    texts: list[str] = []
    try:
        client.execute_interactive(
            "from workbench.display.table import Table; repr(Table(('run', 'acc'), (('a', '0.5'),), frozenset({1})))",
            output_hook=lambda message: texts.append(message["content"].get("data", {}).get("text/plain", "")),
            timeout=60,
        )
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    assert [text for text in texts if text] == [repr("run  acc\na    0.5")]


def test_output_is_bounded(capsys: pytest.CaptureFixture[str]) -> None:
    tails: list[str] = []
    replay = OutputReplay("digits", tails.append)
    for start in range(0, 100_000, 1000):
        replay.show([{"k": "out", "s": "stdout", "x": "".join(f"line {i}\n" for i in range(start, start + 1000))}])
    shown = capsys.readouterr().out
    assert shown.count("\n") == 1000
    assert "100,000 lines in all" in tails[-1]
    assert tails[-1].splitlines()[-1] == "line 99999"
    assert len(tails[-1]) < 2000


def test_output_without_newlines_is_bounded(capsys: pytest.CaptureFixture[str]) -> None:
    replay = OutputReplay("digits", lambda _: None)
    for _ in range(100):
        replay.show([{"k": "out", "s": "stdout", "x": "x" * 10_000}])
    assert len(capsys.readouterr().out) <= 256 * 1024
