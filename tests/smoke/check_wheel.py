"""Build the sdist and the wheel, and use the wheel as its users do: first alone, then with the `lab` extra.

    python tests/smoke/check_wheel.py WORK_FOLDER

The wheel is built from the sdist, so both are tried. Prints each step; any failure ends it.
"""

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
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent


def main(work: Path) -> None:
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    wheel = build(work)
    python = make_environment(work / "plain", str(wheel))
    elsewhere = work / "elsewhere"
    elsewhere.mkdir()
    check_plain(python, elsewhere)
    step("install the lab extra beside it")
    run(python, "-m", "pip", "install", "--quiet", f"{wheel}[lab]")
    check_lab(python, elsewhere)
    print("The wheel is fit for use.")


def build(work: Path) -> Path:
    step("build the sdist, and the wheel from it")
    run(sys.executable, "-m", "build", "--outdir", str(work / "dist"), str(ROOT), stdout=subprocess.DEVNULL)
    [wheel] = (work / "dist").glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    for wanted in ("teachtf/__init__.py", "teachtf/py.typed", "teachtf/tools/cli.py", "teachtf_widgets/__init__.py"):
        assert wanted in names, f"{wheel.name} lacks {wanted}"
    lessons = {p.name for p in (ROOT / "lessons").glob("*.ipynb")}
    packed = {Path(name).name for name in names if name.startswith("teachtf/_lessons/") and name.endswith(".ipynb")}
    assert lessons <= packed, f"{wheel.name} lacks the lessons {lessons - packed}"
    stray = [name for name in names if name.split("/")[0] not in {"teachtf", "teachtf_widgets"} and ".dist-info" not in name]
    assert not stray, f"{wheel.name} would install {stray}"
    print(f"{wheel.name}: {wheel.stat().st_size / 1e6:.2f} MB, {len(names)} files, {len(packed)} lessons")
    return wheel


def check_plain(python: str, elsewhere: Path) -> None:
    step("the plain library: no Jupyter, a session, a script, the command")
    run(python, str(HERE / "plain_library.py"), cwd=elsewhere)
    command = str(Path(python).with_name("teachtf"))
    run(command, "--version", cwd=elsewhere)
    run(command, "doctor", cwd=elsewhere)
    script = elsewhere / "old_script.py"
    shutil.copy(HERE / "old_script.py", script)
    run(command, "run", str(script), "--steps=3", cwd=elsewhere)
    done = subprocess.run([command, "lab"], cwd=elsewhere, capture_output=True, text=True)
    assert done.returncode == 1 and "pip install 'teachtf[lab]'" in done.stderr, done
    assert not (elsewhere / "teachtf-lessons").exists()


def check_lab(python: str, elsewhere: Path) -> None:
    step("teachtf lab: the lessons copied, the server answering")
    port, token = free_port(), secrets.token_hex(16)
    server = subprocess.Popen(
        [str(Path(python).with_name("teachtf")), "lab", "--no-browser", f"--port={port}"],
        cwd=elsewhere,
        env={**clean_environ(), "JUPYTER_TOKEN": token},
        start_new_session=True,
    )
    try:
        listing = ask(f"http://127.0.0.1:{port}/api/contents", token, server)
        served = {entry["name"] for entry in listing["content"]}
        lessons = {p.name for p in (ROOT / "lessons").glob("*.ipynb")}
        assert lessons <= served, f"not served: {lessons - served}"
        kernels = ask(f"http://127.0.0.1:{port}/api/kernelspecs", token, server)
        assert "python3" in kernels["kernelspecs"]
    finally:
        os.killpg(server.pid, 15)
        server.wait(30)


def make_environment(folder: Path, requirement: str) -> str:
    step(f"a clean environment with {Path(requirement).name}")
    venv.create(folder, with_pip=True)
    python = str(folder / "bin" / "python")
    run(python, "-m", "pip", "install", "--quiet", requirement)
    return python


def ask(url: str, token: str, server: subprocess.Popen[bytes], seconds: float = 90) -> dict:
    """The JSON at `url`, once the server is up."""
    request = urllib.request.Request(url, headers={"Authorization": f"token {token}"})
    end = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return json.load(answer)
        except (urllib.error.URLError, ConnectionError):
            if server.poll() is not None or time.monotonic() > end:
                raise
            time.sleep(0.3)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def clean_environ() -> dict[str, str]:
    """This process's environment without what would let the source checkout shine through."""
    return {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"}}


def run(*command: str, cwd: Path | None = None, stdout: int | None = None) -> None:
    subprocess.run(command, cwd=cwd, stdout=stdout, env=clean_environ(), check=True)


def step(text: str) -> None:
    print(f"--- {text}", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
