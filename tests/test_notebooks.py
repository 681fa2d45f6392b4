"""The notebooks of ``examples/notebooks`` run from top to bottom, and their outputs are in the file."""

import re
from pathlib import Path

import nbformat
import pytest
from matplotlib import font_manager
from nbclient import NotebookClient

# The sheets of the notebooks carry Chinese text.
FONT = any("CJK" in font.name or "Hei" in font.name for font in font_manager.fontManager.ttflist)
FOLDER = Path(__file__).parents[1] / "examples" / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


@pytest.mark.slow
@pytest.mark.skipif(not FONT, reason="needs a Chinese font (Debian: apt install fonts-noto-cjk)")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_it_runs(path, tmp_path):
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(tmp_path)}}).execute()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_its_outputs_are_in_the_file(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert any(cell.outputs for cell in code)
    assert not any(out.output_type == "error" for cell in code for out in cell.outputs)
    text = path.read_text(encoding="utf-8")
    assert not re.search(r'"[^"]*/(home|root|tmp|work|Users)/', text), "a path of somebody's machine"


def test_there_are_notebooks():
    assert len(NOTEBOOKS) >= 4
