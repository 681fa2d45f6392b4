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


# Rooms that judge or draw up: no number of law or policy stands there. What else is a number, with its reason.
JUDGING = ("rules", "packs", "explain", "judge.py", "pipeline.py")
MECHANICS = {0, 1, -1, 2, 100, 1e-9}
NAMED = {
    ("clock.py", 12),  # months of a year
    ("reader.py", 80),  # characters of a value that an error shows
    ("policy.py", 3),  # place of the status in a row of a table
    ("incentive_case.py", 12), ("incentive_case.py", 31),  # the last day of a year
    ("intensity.py", 12), ("intensity.py", 31),
    ("buffers.py", 16),  # segments of a quarter circle
    ("left_measures.py", 1e4), ("left_measures.py", 1e6),  # square metres of a hectare and a square kilometre
    ("intensity_areas.py", 1e-6),  # rounding of sums of areas
    ("supply.py", 12), ("supply.py", 31),  # the last day of a year
    ("supply.py", 1e4),  # square metres of a hectare
}  # fmt: skip
# Numbers of workbooks and tables that some pack has, too, by chance.
BY_CHANCE = {("header.py", 0.8), ("text.py", 60000), ("xlsx.py", 200000), ("workbook.py", 0.6), ("styles.py", 0.1),
             ("styles.py", 0.2)}  # fmt: skip


def numbers(file):
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
            yield node.value, node.lineno


@pytest.mark.parametrize("file", [f for p, f in modules() if p == "mudian" and set(f.parts) & set(JUDGING)], ids=str)
def test_no_number_of_law_in_code(file):
    odd = [
        (n, f"{file.name}:{line}") for n, line in numbers(file) if n not in MECHANICS and (file.name, n) not in NAMED
    ]
    assert not odd


def test_no_number_of_a_pack_stands_in_code():
    """Every number of the bundled packs that is not a small count is searched for in all code of the upper floor."""
    from mudian.packs.catalog import bundled, find_pack

    law = set()
    for name in bundled():
        pack = find_pack(name)
        for value in pack.values.values():
            for entry in value.history:
                items = entry.value if isinstance(entry.value, tuple) else (entry.value,)
                law |= {float(v) for v in items if isinstance(v, int | float) and not isinstance(v, bool)}
        law |= {row[1] for table in pack.tables.values() for row in table.rows}
    law = {v for v in law if v != int(v) or v > 1000}
    assert len(law) > 20
    found = [
        f"{f.name}:{line} {n}"
        for p, f in modules()
        if p == "mudian"
        for n, line in numbers(f)
        if float(n) in law - {0.5} and (f.name, n) not in BY_CHANCE
    ]
    assert not found


def test_readmes_name_the_same_commands():
    commands = [
        re.findall(r"^(?:mudian|make|\.venv\\Scripts\\\w+) [^#\n]*", (ROOT / name).read_text("utf-8"), re.MULTILINE)
        for name in ("README.md", "README.zh-CN.md")
    ]
    assert commands[0] == commands[1]
    assert len(commands[0]) >= 6
