"""The pre-flight sheet of a cell as text and HTML."""

from __future__ import annotations

from workbench.cell.preflight import Preflight
from workbench.display.templating import render
from workbench.display.words import size


def preflight_text(sheet: Preflight) -> str:
    """Return the sheet as plain text."""
    lines = [f"To send: {size(sheet.send_bytes)}"]
    width = max([len(row.name) for row in sheet.rows], default=0)
    for row in sheet.rows:
        lines.append(
            f"  {row.name.ljust(width)}  {row.type_name:<12} {size(row.nbytes):>10}  {row.travels}"
            + (f"  ({row.note})" if row.note else "")
        )
    lines += [f"  ! {problem.what} {problem.fix}" for problem in sheet.problems]
    return "\n".join(lines)


def preflight_html(sheet: Preflight) -> str:
    """Return the sheet as a small HTML table in JupyterLab's colours."""
    sizes = [size(row.nbytes) for row in sheet.rows]
    return str(render("preflight.html.j2", sheet=sheet, sizes=sizes, send=size(sheet.send_bytes)))
