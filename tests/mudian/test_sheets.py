"""Sheets of a run."""

from mudian.sheets import file_names


def test_file_names_are_safe_and_differ():
    names = file_names(["Z/1", "z_1", "LPT1", "..", "x" * 300, "x" * 301, "Atlas"])
    assert len({n.lower() for n in names}) == 7
    assert names[:3] == ["Z_1", "z_1_2", "_LPT1"]
    assert all(n.strip(" .") and "/" not in n and n.lower() != "atlas" and len(n) < 90 for n in names)
