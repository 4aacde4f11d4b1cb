"""What the bridge writes: records as JSON, whole lines, numbered events."""

from __future__ import annotations

import dataclasses
import io
import json
import math

import pytest

from workbench.bridge.__main__ import answer
from workbench.bridge.line import Line, as_json
from workbench.errors import OptionError
from workbench.records.runs import Failure, RunSnapshot, RunState


def test_record_is_written_as_its_fields() -> None:
    snapshot = RunSnapshot("0" * 32, "one", RunState.FAILED, failure=Failure("error", "it broke"), log_lines={0: 3})
    written = json.loads(as_json({"snapshot": snapshot}))["snapshot"]
    assert (written["state"], written["failure"]["message"], written["log_lines"]) == ("failed", "it broke", {"0": 3})
    assert written == json.loads(json.dumps(dataclasses.asdict(snapshot)))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_number_that_is_not_finite_is_written_as_null(value: float) -> None:
    snapshot = RunSnapshot("0" * 32, "one", RunState.RUNNING, metrics={"loss": value}, series={"loss": [(1.0, value)]})
    written = json.loads(as_json({"snapshot": snapshot}))["snapshot"]
    assert (written["state"], written["metrics"], written["series"]) == (
        "running",
        {"loss": None},
        {"loss": [[1.0, None]]},
    )


def test_events_are_numbered() -> None:
    stream = io.StringIO()
    line = Line(stream)
    line.send_event({"event": "cluster", "state": "up"})
    line.send_event({"event": "runs", "runs": []})
    assert [json.loads(text)["number"] for text in stream.getvalue().splitlines()] == [1, 2]


def test_answer_names_what_went_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    def refuse() -> None:
        raise OptionError("Cannot do that.")

    def break_down() -> None:
        raise ZeroDivisionError("division by zero")

    verbs = {"refuse": refuse, "break_down": break_down, "add": lambda a, b: a + b}
    assert answer(verbs, {"id": 1, "verb": "add", "args": {"a": 1, "b": 2}}) == {"id": 1, "result": 3}
    refused = answer(verbs, {"id": 2, "verb": "refuse"})
    assert refused["error"] == {"kind": "OptionError", "message": "Cannot do that."}
    broken = answer(verbs, {"id": 3, "verb": "break_down"})
    assert broken["error"] == {"kind": "Unexpected", "message": "ZeroDivisionError: division by zero"}
    assert "Traceback" in capsys.readouterr().err
