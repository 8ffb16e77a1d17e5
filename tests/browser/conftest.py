"""JupyterLab in a real browser: a server on a copy of the lessons, a Chromium, and a page that runs a notebook."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
SCREENSHOTS = ROOT / "build" / "screenshots"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-quic",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
]
SETTINGS = {  # no questions about news, and every cell on the page, seen or not
    "@jupyterlab/apputils-extension/notification.jupyterlab-settings": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/notebook-extension/tracker.jupyterlab-settings": {"windowingMode": "none"},
}

# What stands on the page, cell by cell: the outputs that the notebook's model holds and whether each is really shown.
LOOK = """() => {
  const WIDGET = 'application/vnd.jupyter.widget-view+json';
  const isWidget = output => output.data && WIDGET in output.data;
  const isPicture = output => output.data && !isWidget(output) && ('image/svg+xml' in output.data
    || 'image/png' in output.data || String(output.data['text/html'] ?? '').includes('<svg'));
  const notebook = window.jupyterapp.shell.currentWidget.content;
  return notebook.widgets.filter(cell => cell.model.type === 'code').map((cell, index) => {
    const outputs = cell.model.outputs.toJSON();
    const areas = [...cell.outputArea.node.querySelectorAll('.jp-OutputArea-output')];
    const size = element => { const box = element.getBoundingClientRect(); return box.width * box.height; };
    const shown = selector => areas.flatMap(a => [...a.querySelectorAll(selector)]).filter(e => size(e) > 0).length;
    // A picture of type image/svg+xml is shown as an image with the SVG text in its address.
    const svgImages = areas.flatMap(a => [...a.querySelectorAll('img[src^="data:image/svg"]')])
      .filter(e => size(e) > 0).map(e => decodeURIComponent(e.src));
    return {
      index,
      source: cell.model.sharedModel.getSource(),
      // A cell whose source is folded, as a worked answer is, has no prompt on the page.
      prompt: cell.node.querySelector('.jp-InputArea-prompt')?.textContent ?? String(cell.model.executionCount ?? ''),
      tags: cell.model.getMetadata('tags') ?? [],
      errors: outputs.filter(o => o.output_type === 'error').map(o => `${o.ename}: ${o.evalue}`),
      promised_widgets: outputs.filter(isWidget).length,
      promised_pictures: outputs.filter(isPicture).length,
      widgets: areas.filter(a => a.matches('.lm-Panel') && a.querySelector(':scope > .lm-Widget')
        && size(a.firstElementChild) > 0).length,
      pictures: shown('svg, img'),
      graph_nodes: shown('svg g.node, svg [data-node]') + svgImages.reduce(
        (sum, text) => sum + text.split('class="node').length - 1, 0),
      text: areas.map(a => a.innerText).join('\\n'),
      height: cell.outputArea.node.getBoundingClientRect().height,
    };
  });
}"""


@dataclass
class Server:
    """A running JupyterLab."""

    folder: Path
    address: str
    token: str


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """JupyterLab on loopback, over a copy of the lessons, with nothing of the user's settings."""
    folder = tmp_path_factory.mktemp("lessons")
    shutil.copytree(ROOT / "lessons", folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    own = tmp_path_factory.mktemp("jupyter")
    for name, value in SETTINGS.items():
        file = own / "settings" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(value))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    token = secrets.token_hex(16)
    environ = {
        **os.environ,
        "JUPYTER_TOKEN": token,
        "JUPYTER_PREFER_ENV_PATH": "1",
        "JUPYTER_CONFIG_DIR": str(own / "config"),
        "JUPYTER_RUNTIME_DIR": str(own / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(own / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(own / "workspaces"),
    }
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1", f"--port={port}"]
    command += ["--ServerApp.port_retries=0", f"--ServerApp.root_dir={folder}", "--LabApp.expose_app_in_browser=True"]
    if os.geteuid() == 0:
        command.append("--allow-root")
    log = (own / "server.log").open("w")
    process = subprocess.Popen(command, env=environ, stdout=log, stderr=log, start_new_session=True)
    try:
        address = f"http://127.0.0.1:{port}"
        _wait_for(f"{address}/api/status?token={token}", process, own / "server.log")
        yield Server(folder, address, token)
    finally:
        os.killpg(process.pid, 15)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
        log.close()


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 90
    while True:
        try:
            urllib.request.urlopen(url, timeout=10).close()
            return
        except (urllib.error.URLError, ConnectionError):
            if process.poll() is not None or time.monotonic() > end:
                pytest.fail(f"JupyterLab did not start:\n{log.read_text()}")
            time.sleep(0.3)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The machine's own Chromium (Playwright's builds are not used)."""
    names = ("chromium", "chromium-browser", "google-chrome")
    program = os.environ.get("TEACHTF_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if program is None:
        pytest.fail("no Chromium here; `make check-browser` installs it, or set TEACHTF_CHROMIUM")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield chromium
        chromium.close()


class Lab:
    """One notebook at a time, in a page of its own."""

    def __init__(self, server: Server, browser: Browser) -> None:
        self._server, self._browser = server, browser
        self.page_errors: list[str] = []

    def run(self, name: str, seconds: float = 300) -> list[dict[str, Any]]:
        """Open the notebook `name`, choose Run > Run All Cells, wait for the end, take a picture, and return what
        `LOOK` sees of each code cell."""
        page = self._browser.new_page(viewport={"width": 1400, "height": 1000})
        page.on("pageerror", lambda error: self.page_errors.append(str(error)))
        page.goto(f"{self._server.address}/lab/tree/{name}?reset&token={self._server.token}")
        page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=90_000)
        self._wait_for_kernel(page)
        page.locator(".lm-MenuBar-itemLabel", has_text="Run").first.click()
        page.locator(".lm-Menu-itemLabel", has_text="Run All Cells").first.click()
        cells = self._wait_until_run(page, seconds)
        page.wait_for_timeout(1500)  # widgets draw after their cell is done
        cells = page.evaluate(LOOK)
        self._photograph(page, name)
        page.evaluate("() => window.jupyterapp.commands.execute('notebook:shutdown-kernel')")
        page.close()
        return cells

    def _wait_for_kernel(self, page: Page) -> None:
        page.wait_for_function(
            "() => document.querySelector('.jp-Dialog')"
            " || window.jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'",
            timeout=90_000,
        )
        if page.locator(".jp-Dialog").count():  # such as "Select Kernel", where a notebook names none
            pytest.fail(f"JupyterLab asks a question: {page.locator('.jp-Dialog').first.inner_text()!r}")

    def _wait_until_run(self, page: Page, seconds: float) -> list[dict[str, Any]]:
        end = time.monotonic() + seconds
        while True:
            cells = page.evaluate(LOOK)
            waiting = [c for c in cells if c["source"].strip() and not any(ch.isdigit() for ch in c["prompt"])]
            stopped = any(c["errors"] and "raises-exception" not in c["tags"] for c in cells)
            if not waiting or stopped:
                return cells
            if time.monotonic() > end:
                pytest.fail(f"still running after {seconds:.0f} s: {waiting[0]['source'][:200]!r}")
            page.wait_for_timeout(250)

    def _photograph(self, page: Page, name: str) -> None:
        """The whole notebook in one picture: the window is made as high as the notebook, within reason."""
        height = page.evaluate(
            "() => Math.max(...[...document.querySelectorAll('.jp-WindowedPanel-outer, .jp-Notebook')]"
            ".map(e => e.scrollHeight))"
        )
        page.set_viewport_size({"width": 1400, "height": min(int(height) + 150, 9000)})
        page.evaluate("() => document.querySelectorAll('.jp-WindowedPanel-outer').forEach(e => e.scrollTo(0, 0))")
        page.wait_for_timeout(500)
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SCREENSHOTS / f"{Path(name).stem}.png")


@pytest.fixture
def lab(server: Server, browser: Browser) -> Lab:
    return Lab(server, browser)
