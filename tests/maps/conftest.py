"""A real browser without a network, in which the tests open pages from disk."""

import shutil

import pytest

from maps import Page


@pytest.fixture(scope="module")
def chromium():
    sync_api = pytest.importorskip(
        "playwright.sync_api", reason="browser tests need playwright: pip install playwright"
    )
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    path = next(filter(None, map(shutil.which, names)), None)
    if path is None:
        pytest.skip("browser tests need Chromium: apt install chromium (or Google Chrome) on the PATH")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND"]
        )
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium, tmp_path):
    """Open a page from disk without a network; at the end nothing may have been requested, said or run."""
    said, contexts = [], []

    def go(page, *, size=(1200, 800), before=None, html=None):
        path = tmp_path / "map.html"
        Page(html).save(path) if html else page.save(path)
        context = chromium.new_context(viewport={"width": size[0], "height": size[1]}, offline=True)
        contexts.append(context)
        tab = context.new_page()
        tab.on("request", lambda request: said.append(("request", request.url)))
        tab.on("console", lambda message: said.append((f"console {message.type}", message.text)))
        tab.on("pageerror", lambda error: said.append(("error", str(error))))
        tab.on("dialog", lambda dialog: (said.append(("dialog", dialog.message)), dialog.dismiss()))
        if before:
            tab.add_init_script(before)
        tab.goto(path.as_uri())
        if html is None and before is None:
            tab.wait_for_selector("body[data-ready]", timeout=20000)
        return tab

    yield go
    for context in contexts:
        for tab in context.pages:
            assert tab.evaluate("typeof window.HIT") == "undefined"
        context.close()
    # Reading pixels back, as these tests do, makes Chromium give advice about canvas settings.
    heard = [entry for entry in said if not entry[1].startswith("Canvas2D: Multiple readback")]
    strange = [entry for entry in heard if entry[0] != "request" or not entry[1].startswith(("file:", "data:"))]
    assert strange == []
    assert sum(kind == "request" for kind, _ in heard) == len(contexts)
