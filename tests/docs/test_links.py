"""Every link and every path of the repository that a page names leads somewhere."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / ".github").rglob("*.md"),
        *(ROOT / "binder").glob("*.md"),
        *(ROOT / "labextension").glob("*.md"),
        *(ROOT / "binder").glob("*.ipynb"),
    ]
)
LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE_BLOCK = re.compile(r"^( *)```.*?^\1```", re.MULTILINE | re.DOTALL)
FOLDERS = r"workbench|server_ext|labextension|tests|scripts|benchmarks|binder|docs|\.github|\.devcontainer"
NAMED = re.compile(rf"`((?:{FOLDERS})/[^`*{{}}<> ]*)`")
FILE = re.compile(r"`([\w.-]+\.(?:md|toml|json|yaml|yml|txt))`")
"""A file of the repository's root, or of a user's project."""
USERS_FILES = {"requirements.txt", "gateway.json"}


def text_of(page: Path) -> str:
    """Return a page's Markdown without its code blocks, a notebook's cells among it."""
    text = page.read_text()
    if page.suffix == ".ipynb":
        cells = json.loads(text)["cells"]
        text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    return CODE_BLOCK.sub("", text)


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub and the site make them."""
    found = set()
    for heading in re.findall(r"^#+ (.+)$", text_of(page), re.MULTILINE):
        own = re.search(r"\{ *#([\w-]+) *\}", heading)
        words = re.sub(r"[^\w\- ]", "", heading.lower())
        found.add(own[1] if own else words.strip().replace(" ", "-"))
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_of_a_page_lead_somewhere(page: Path) -> None:
    missing = []
    for link in LINK.findall(text_of(page)):
        if link.startswith(("http://", "https://", "mailto:")):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target) and not anchor.startswith("schema-")):
            missing.append(link)
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_paths_that_a_page_names_exist(page: Path) -> None:
    text = text_of(page)
    missing = [path for path in NAMED.findall(text) if not (ROOT / path).exists()]
    if page.parent in (ROOT, ROOT / "docs" / "developing"):
        missing += [name for name in FILE.findall(text) if name not in USERS_FILES and not _is_in_tree(name)]
    assert not missing


def test_the_map_names_every_package() -> None:
    text = (ROOT / "docs" / "developing" / "map.md").read_text()
    packages = [path.parent for path in (ROOT / "workbench").glob("*/__init__.py")]
    features = [path for path in (ROOT / "labextension" / "src").iterdir() if path.is_dir()]
    rooms = [f"{path.relative_to(ROOT)}/" for path in (*packages, *features)]
    assert [room for room in rooms if f"`{room}`" not in text] == []


def test_every_page_is_on_the_site() -> None:
    navigation = (ROOT / "mkdocs.yml").read_text().split("\nnav:\n")[1]
    pages = [str(path.relative_to(ROOT / "docs")) for path in (ROOT / "docs").rglob("*.md")]
    assert [page for page in pages if page not in navigation] == []


def _is_in_tree(name: str) -> bool:
    folders = ("", "labextension", "labextension/schema", "server_ext/workbench_server", "binder", "docs")
    return any((ROOT / folder / name).exists() for folder in folders)
