"""The house itself: imports go downwards, messages exist in both languages, nothing is left unsaid."""

import ast
import re
from pathlib import Path

import pytest

import maps
import mudian
import parcels
from parcels.catalog import CATALOG

ROOT = Path(__file__).parents[1]
PACKAGES = {p.__name__: Path(p.__file__).parent for p in (parcels, maps, mudian)}
FORBIDDEN = {"parcels": {"mudian", "maps"}, "maps": {"mudian", "parcels"}, "mudian": set()}


def modules():
    return [(name, file) for name, folder in PACKAGES.items() for file in sorted(folder.rglob("*.py"))]


def imported(file):
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (a.name.split(".")[0] for a in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield (node.module or "").split(".")[0]


@pytest.mark.parametrize(("package", "file"), modules(), ids=lambda v: getattr(v, "name", v))
def test_imports_go_downwards(package, file):
    assert not FORBIDDEN[package] & set(imported(file))


@pytest.mark.parametrize("kind", ["ledger", "error"])
def test_every_message_used_is_in_the_catalogue(kind):
    source = "\n".join(f.read_text("utf-8") for p, f in modules() if p != "maps")
    patterns = {
        "ledger": r"ledger\.add\(\s*\"([a-z0-9-]+)\"",
        "error": r"(?:Problem|\w+Error)\(\s*\"([a-z0-9]+(?:-[a-z0-9]+)+|conservation)\"",
    }
    used = set(re.findall(patterns[kind], source))
    assert len(used) > 10
    assert not used - set(getattr(CATALOG, kind))


def test_every_message_of_the_catalogue_is_used():
    source = "\n".join(f.read_text("utf-8") for _, f in modules())
    composed = tuple(re.findall(r"\"([a-z]+(?:-[a-z]+)*-)[\"{]", source))
    unused = [c for c in [*CATALOG.ledger, *CATALOG.error] if f'"{c}"' not in source and not c.startswith(composed)]
    assert not unused


def test_no_row_loops_on_hot_paths():
    for _, file in modules():
        assert not re.search(r"\.(iterrows|itertuples)\(", file.read_text("utf-8")), file.name


def test_readmes_name_the_same_commands():
    commands = [
        re.findall(r"^(?:mudian|make|\.venv\\Scripts\\\w+) [^#\n]*", (ROOT / name).read_text("utf-8"), re.MULTILINE)
        for name in ("README.md", "README.zh-CN.md")
    ]
    assert commands[0] == commands[1]
    assert len(commands[0]) >= 6
