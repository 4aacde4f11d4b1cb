"""Logs read by line numbers."""

from __future__ import annotations

from pathlib import Path

from workbench.tracking.log_file import LogFile


def test_log_that_is_not_there_is_empty(tmp_path: Path) -> None:
    page = LogFile(tmp_path / "none.log").page(0, 10)
    assert (page.total, page.lines) == (0, [])


def test_log_gives_lines_by_number_and_from_the_end(tmp_path: Path) -> None:
    path = tmp_path / "rank-0.log"
    path.write_text("".join(f"line {number}\n" for number in range(100_000)))
    log = LogFile(path)
    page = log.page(99_990, 1000)
    assert (page.total, page.start, page.numbers[0], len(page.lines)) == (100_000, 99_990, 99_990, 10)
    assert log.page(-2, 10).lines == ["line 99998", "line 99999"]
    assert log.page(0, 2).lines == ["line 0", "line 1"]
    assert log.page(200_000, 5).lines == []


def test_log_grows_and_may_end_within_a_line(tmp_path: Path) -> None:
    path = tmp_path / "rank-0.log"
    log = LogFile(path)
    for part, lines in (("a\nb", ["a", "b"]), ("c\n", ["a", "bc"]), ("\nd\n", ["a", "bc", "", "d"])):
        with path.open("a") as file:
            file.write(part)
        page = log.page(0, 10)
        assert (page.total, page.lines) == (len(lines), lines)


def test_log_finds_lines_by_their_text(tmp_path: Path) -> None:
    path = tmp_path / "rank-0.log"
    path.write_text("".join(f"{'Error' if number % 1000 == 7 else 'ok'} {number}\n" for number in range(20_000)))
    page = LogFile(path).page(-3, 3, "error")
    assert (page.total, page.start, page.numbers) == (20, 17, [17_007, 18_007, 19_007])
    assert page.lines[-1] == "Error 19007"


def test_log_line_is_what_a_terminal_would_have_left(tmp_path: Path) -> None:
    path = tmp_path / "rank-0.log"
    path.write_bytes(b" 10%\r 50%\r100%\r\n\xff\xfe\n" + b"x" * 50_000 + b"\n")
    lines = LogFile(path).page(0, 10).lines
    assert lines[0] == "100%"
    assert lines[1] == "��"
    assert lines[2].endswith("(50,000 bytes)")
    assert len(lines[2]) < 21_000
