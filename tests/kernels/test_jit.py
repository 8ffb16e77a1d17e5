"""The compile cache: shared by processes, blind to nothing, and never a reason to fail."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import numba
import numpy as np
import pytest

from teachtf.kernels import jit as jit_module
from teachtf.kernels.cpu.elementwise import compile_formula
from teachtf.kernels.jit import cache_folder, jit

PROGRAM = """
from teachtf.kernels.jit import jit

@jit
def double(x):
    return x + x

print(double(21), sum(double.stats.cache_hits.values()), sum(double.stats.cache_misses.values()))
"""


@pytest.fixture
def program(tmp_path):
    """Runs PROGRAM in new processes with a cache folder of its own; gives each one's result, hits and misses."""
    path = tmp_path / "program.py"
    path.write_text(PROGRAM)
    root = Path(jit_module.__file__).parents[2]

    def start(cache):
        environment = {**os.environ, "TEACHTF_CACHE_DIR": str(cache), "PYTHONPATH": str(root)}
        return subprocess.Popen(
            [sys.executable, "-W", "error", path], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True,
        )  # fmt: skip

    def run(cache, together=1):
        answers = []
        for process in [start(cache) for _ in range(together)]:
            out, errors = process.communicate(timeout=60)
            assert process.returncode == 0, errors
            answers.append(tuple(map(int, out.split())))
        return answers

    return run


def test_second_process_reads_what_the_first_compiled(program, tmp_path):
    assert program(tmp_path / "cache") == [(42, 0, 1)]
    assert program(tmp_path / "cache") == [(42, 1, 0)]


def test_two_processes_that_start_cold_together(program, tmp_path):
    assert {answer[0] for answer in program(tmp_path / "cache", together=2)} == {42}
    assert program(tmp_path / "cache") == [(42, 1, 0)]
    assert not list(tmp_path.rglob("*.draft"))


@pytest.mark.parametrize("damage", [b"", b"not a kernel", None])
def test_damaged_file_is_compiled_again(program, tmp_path, damage):
    program(tmp_path / "cache")
    (file,) = (tmp_path / "cache").rglob("*.nbc")
    content = file.read_bytes()
    file.write_bytes(content[:-40] + bytes(40) if damage is None else damage)
    assert program(tmp_path / "cache") == [(42, 0, 1)]
    assert program(tmp_path / "cache") == [(42, 1, 0)]


def test_folder_that_cannot_be_written(program, tmp_path):
    blocked = tmp_path / "a file"
    blocked.write_text("")
    assert program(blocked / "cache") == [(42, 0, 1)]


def test_users_numba_settings_are_left_alone():
    before = numba.config.CACHE_DIR
    jit(lambda x: x)
    assert before == numba.config.CACHE_DIR


def test_function_without_a_source_file_works_uncached():
    space = {}
    exec("def triple(x):\n    return 3 * x", space)
    assert jit(space["triple"])(5) == 15


def test_folder_depends_on_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("TEACHTF_CACHE_DIR", str(tmp_path))
    here = cache_folder()
    assert here.parent == tmp_path
    monkeypatch.setattr(numba, "__version__", "0.0")
    monkeypatch.setattr(jit_module, "_environment_key", jit_module._environment_key.__wrapped__)
    assert cache_folder() != here


def test_signatures_are_compiled_at_once_and_are_the_only_ones():
    @jit(signatures=["int64(int64)", "float64(float64)"])
    def half(x):
        return x // 2

    assert len(half.signatures) == 2
    assert half(7) == 3
    with pytest.raises(TypeError):
        half(1j)


def test_nan_keeps_its_meaning():
    @jit
    def differs(x):
        return x != x

    assert differs(float("nan"))


@pytest.fixture
def key(monkeypatch):
    """The environment's key, worked out anew each time."""
    compute = jit_module._environment_key.__wrapped__
    monkeypatch.setattr(jit_module, "_environment_key", compute)
    return compute


def test_a_changed_helper_in_another_file_makes_all_code_new(key, monkeypatch, tmp_path):
    (tmp_path / "cpu").mkdir()
    helper = tmp_path / "cpu" / "helper.py"
    helper.write_text("ONE = 1\n")
    monkeypatch.setattr(jit_module, "_KERNELS", tmp_path)
    before = key()
    helper.write_text("ONE = 2\n")
    assert key() != before
    helper.write_text("ONE = 1\n")
    assert key() == before


def test_another_cpu_has_code_of_its_own(key, monkeypatch):
    here = cache_folder()
    monkeypatch.setattr(jit_module.llvm, "get_host_cpu_name", lambda: "an older one")
    assert cache_folder() != here


def test_user_without_a_home(monkeypatch):
    def homeless():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("TEACHTF_CACHE_DIR", raising=False)
    monkeypatch.setattr(Path, "home", homeless)
    assert cache_folder().is_absolute()


@pytest.mark.parametrize("fault", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_disk_that_takes_no_more(fault, monkeypatch, tmp_path):
    def refuse(*_, **__):
        raise OSError(fault, os.strerror(fault))

    monkeypatch.setenv("TEACHTF_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(jit_module.os, "replace", refuse)
    formula = compile_formula(f"x * {fault} + 0.125", ("x",))
    assert formula(np.ones(9, np.float32)).tolist() == [fault + 0.125] * 9
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and path.suffix == ".nbc"]
