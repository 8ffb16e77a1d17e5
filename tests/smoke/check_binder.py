"""Check the Binder environment without Docker.

    python tests/smoke/check_binder.py WORK_FOLDER

repo2docker reads `binder/` and says what it would build (`--no-build`); then the same steps are done here, in a copy of
the committed tree and an environment of its own: requirements.txt, postBuild, and the server through `start`.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
from pathlib import Path

from check_wheel import ROOT, ask, clean_environ, free_port, make_environment, run, step

TRIED = ("binder/requirements.txt", "binder/runtime.txt", "binder/postBuild", "binder/start")


def main(work: Path) -> None:
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    copy = copy_tree(work / "repo")
    check_dockerfile(copy, work)
    check_steps(copy, work)
    print("The Binder environment is fit for use.")


def copy_tree(target: Path) -> Path:
    """The files that git knows or would take, as a clone would have them."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    for name in TRIED:
        assert (target / name).is_file(), f"{name} is missing"
    for name in ("binder/postBuild", "binder/start"):
        assert os.access(target / name, os.X_OK), f"{name} is not executable, so Binder would not run it"
    return target


def check_dockerfile(copy: Path, work: Path) -> None:
    python = make_environment(work / "repo2docker", "jupyter-repo2docker")
    step("repo2docker --no-build")
    done = subprocess.run(
        [python, "-m", "repo2docker", "--no-build", "--debug", "--user-id", "0", "--user-name", "root", str(copy)],
        capture_output=True, text=True, stdin=subprocess.DEVNULL, env=clean_environ(),
    )  # fmt: skip
    (work / "Dockerfile").write_text(done.stdout + done.stderr)
    assert done.returncode == 0, done.stderr[-3000:]
    version = (copy / "binder" / "runtime.txt").read_text().strip().removeprefix("python-")
    assert f"Building conda environment for python={version}" in done.stderr, done.stderr
    wanted = (  # in this order: the requirements name the checkout, so they need all of it
        "COPY --chown=0:0 src/ ${REPO_DIR}/",
        'pip install --no-cache-dir -r "binder/requirements.txt"',
        "RUN ./binder/postBuild",
        'ENV R2D_ENTRYPOINT="${REPO_DIR}/binder/start"',
    )
    places = [done.stdout.find(line) for line in wanted]
    assert -1 not in places and places == sorted(places), (
        f"repo2docker's plan lacks a step or has it in another place (see {work / 'Dockerfile'}): "
        f"{list(zip(wanted, places, strict=True))}"
    )


def check_steps(copy: Path, work: Path) -> None:
    python = make_environment(work / "environment", "pip")
    home = work / "home"
    home.mkdir()
    environment = {
        **clean_environ(),
        "HOME": str(home),
        "PATH": f"{Path(python).parent}:{os.environ['PATH']}",
        "VIRTUAL_ENV": str(work / "environment"),
    }
    step("binder/requirements.txt")
    run(python, "-m", "pip", "install", "--quiet", "-r", "binder/requirements.txt", cwd=copy)
    step("binder/postBuild")
    subprocess.run(["./binder/postBuild"], cwd=copy, env=environment, check=True)
    step("binder/start jupyter lab")
    port, token = free_port(), secrets.token_hex(16)
    server = subprocess.Popen(
        ["./binder/start", "jupyter", "lab", "--no-browser", "--allow-root", f"--port={port}"],
        cwd=copy,
        env={**environment, "JUPYTER_TOKEN": token},
        start_new_session=True,
    )
    try:
        served = {entry["name"] for entry in ask(f"http://127.0.0.1:{port}/api/contents/lessons", token, server)["content"]}
        lessons = {p.name for p in (ROOT / "lessons").glob("*.ipynb")}
        assert lessons <= served, f"not served: {lessons - served}"
    finally:
        os.killpg(server.pid, 15)
        server.wait(30)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
