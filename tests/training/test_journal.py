"""Journals: what is written is read again, whatever happened to the process."""

from __future__ import annotations

from pathlib import Path

from workbench.training.journal import Journal, parse


def test_journal_events_come_back_in_order(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "runs" / "0.jsonl")
    journal.write("out", s="stdout", x="größe\n")
    journal.write("met", step=3, v={"loss": 0.25})
    first, second = parse(journal.path.read_bytes())
    assert first["k"] == "out"
    assert first["x"] == "größe\n"
    assert second["k"] == "met"
    assert second["v"] == {"loss": 0.25}
    assert first["t"] <= second["t"]


def test_journal_line_that_a_dying_process_tore_is_skipped(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "0.jsonl")
    journal.write("first")
    journal.write("out", s="stdout", x="lost")
    assert [event["k"] for event in parse(journal.path.read_bytes()[:-5])] == ["first"]


def test_journal_drops_events_once_it_is_closed(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "0.jsonl")
    journal.close()
    journal.write("first")
    journal.close()
    assert journal.path.read_bytes() == b""
