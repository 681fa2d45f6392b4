"""The documentation: generated pages are up to date, links lead somewhere, examples run, project files are valid."""

import re
import sys
import tomllib
from pathlib import Path

import pytest

import mudian
from mudian.demo import copy_example
from mudian.project import load_project, make_project

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [*sorted(DOCS.rglob("*.md")), ROOT / "README.md", ROOT / "README.zh-CN.md"]
GENERATED = sorted((DOCS / "reference").glob("*.md"))
FENCE = re.compile(r"^( *)```(\S+)([^\n]*)\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)


def name(path):
    return path.relative_to(ROOT).as_posix()


def blocks(page, language, word=""):
    """The fenced blocks of a language whose opening line carries a word, without their indent."""
    for indent, found, rest, text in FENCE.findall(page.read_text("utf-8")):
        if found == language and (not word or word in rest.split()):
            yield re.sub(rf"^{indent}", "", text, flags=re.MULTILINE)


def anchors(page):
    """The anchors of headings as GitHub makes them."""
    plain = FENCE.sub("", page.read_text("utf-8"))
    return {re.sub(r"[^\w\- ]", "", h.lower()).strip().replace(" ", "-") for h in HEADING.findall(plain)}


def test_generated_pages_are_up_to_date(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(DOCS))
    sys.modules.pop("make_reference", None)
    import make_reference

    made = make_reference.write(tmp_path)
    assert [p.name for p in GENERATED] == sorted(p.name for p in made)
    stale = [p.name for p in made if p.read_text("utf-8") != (DOCS / "reference" / p.name).read_text("utf-8")]
    assert not stale, f"run: python docs/make_reference.py ({', '.join(stale)})"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_relative_links_lead_somewhere(page):
    text = FENCE.sub("", page.read_text("utf-8"))
    for link in (t for t in LINK.findall(text) if not re.match(r"[a-z]+:", t)):
        file, _, anchor = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        assert target.exists(), f"{name(page)}: {link}"
        assert not anchor or anchor in anchors(target), f"{name(page)}: {link}"


def test_every_page_is_reached_from_the_index():
    reached, waiting = set(), [DOCS / "index.md"]
    while waiting:
        page = waiting.pop()
        if page in reached:
            continue
        reached.add(page)
        links = (t.partition("#")[0] for t in LINK.findall(page.read_text("utf-8")))
        waiting += [p for t in links if t.endswith(".md") and (p := (page.parent / t).resolve()).is_relative_to(DOCS)]
    assert not {name(p) for p in DOCS.rglob("*.md")} - {name(p) for p in reached}


def test_every_project_of_the_docs_is_valid(tmp_path):
    found = [(page, text) for page in PAGES for text in blocks(page, "toml")]
    assert len(found) >= 5
    for page, text in found:
        make_project(tomllib.loads(text), file=tmp_path / f"{page.stem}.toml")


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    """A copy of the example with the results that the pages read."""
    folder = tmp_path_factory.mktemp("docs") / "example"
    project = load_project(copy_example(folder))
    mudian.evaluate(project).save(project.output_dir, formats=("parquet", "gpkg"))
    return folder


RUNNABLE = [page for page in PAGES if any(blocks(page, "python", "run"))]


def test_there_are_examples_to_run():
    assert len(RUNNABLE) >= 6


@pytest.mark.parametrize("page", RUNNABLE, ids=name)
@pytest.mark.filterwarnings("ignore::parcels.importer.ParcelWarning")
def test_examples_run(page, example, monkeypatch):
    monkeypatch.chdir(example)
    namespace: dict[str, object] = {"__name__": "__main__"}
    for text in blocks(page, "python", "run"):
        exec(compile(text, str(page), "exec"), namespace)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_other_python_blocks_are_python(page):
    for text in blocks(page, "python"):
        compile(text, str(page), "exec")


def test_readmes_have_the_same_shape():
    texts = [(ROOT / n).read_text("utf-8") for n in ("README.md", "README.zh-CN.md")]
    shapes = [([f[1] for f in FENCE.findall(t)], t.count("\n## "), t.count("\n| "), t.count("![")) for t in texts]
    assert shapes[0] == shapes[1]


def test_nothing_of_this_machine_is_in_the_docs():
    for page in PAGES:
        assert not re.search(r"/(?:home|root|tmp|work)/", page.read_text("utf-8")), name(page)
