"""The same random numbers as TensorFlow: compared with what tests/conformance/record_random.py has recorded."""

from __future__ import annotations

import json
from itertools import groupby
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

from teachtf.kernels.cpu.philox import Generator

GOLDEN = json.loads((Path(__file__).parent / "golden" / "random.json").read_text())["cases"]
BY_OP = {op: list(cases) for op, cases in groupby(sorted(GOLDEN, key=lambda c: c["op"]), key=lambda c: c["op"])}
LOGITS = np.linspace(-2, 3, 21).reshape(3, 7)
# The largest difference, in the dtype's own steps relative to 1.
STEPS = {"float32": 2.0**-24, "float64": 2.0**-53, "float16": 2.0**-11, "bfloat16": 2.0**-8}


def numpy_dtype(name):
    return np.dtype(ml_dtypes.bfloat16) if name == "bfloat16" else np.dtype("float16" if name == "half" else name)


def draw(generator, case):
    dtype = numpy_dtype(case.get("dtype", "int32"))
    match case["op"]:
        case "RandomUniform":
            return generator.uniform(case["shape"], dtype)
        case "RandomStandardNormal":
            return generator.normal(case["shape"], dtype)
        case "TruncatedNormal":
            return generator.truncated_normal(case["shape"], dtype)
        case "RandomUniformInt":
            return generator.uniform_int(case["shape"], case["minval"], case["maxval"], dtype)
        case "RandomShuffle":
            return generator.shuffle(np.arange(case["size"], dtype=np.int32))
        case "Multinomial":
            return generator.multinomial(LOGITS.astype(dtype), case["samples"])
        case "RandomGamma":
            return generator.gamma([100], np.array([0.3, 1.0, 2.5, 40.0], dtype))
        case "RandomPoissonV2":
            return generator.poisson([100], np.array([0.5, 4.0, 12.0, 300.0], dtype))


@pytest.mark.parametrize("op", BY_OP)
def test_numbers_are_tensorflows_in_every_run(op):
    for case in BY_OP[op]:
        generator = Generator(case["seed"], case["seed2"])
        for run, expected in enumerate(case["runs"]):
            got = draw(generator, case)
            where = f"{case} run {run}".split("'runs'")[0] + f" run {run}"
            assert list(got.shape) == expected["shape"], where
            flat = got.reshape(-1)
            exact = flat.dtype.kind in "iu" or op in ("RandomUniform", "RandomPoissonV2")
            if flat.dtype.kind not in "iu":
                flat = flat.astype(np.float64)
            parts = [("all", flat)] if "all" in expected else [("head", flat[:8]), ("tail", flat[-8:])]
            for key, values in parts:
                if exact:
                    assert values.tolist() == expected[key], where
                else:
                    step = STEPS[got.dtype.name]
                    np.testing.assert_allclose(values, expected[key], rtol=8 * step, atol=2 * step, err_msg=where)
            if "sum" in expected:
                total = flat.sum(dtype=np.int64 if flat.dtype.kind in "iu" else np.float64)
                slack = 0 if exact else flat.size * STEPS[got.dtype.name]
                assert abs(float(total) - expected["sum"]) <= slack + 1e-9 * abs(expected["sum"]), where


def test_no_seed_gives_numbers_that_differ():
    assert Generator(0, 0).uniform([8]).tolist() != Generator(0, 0).uniform([8]).tolist()


def test_large_fills_do_not_depend_on_how_they_are_cut(monkeypatch):
    from teachtf.kernels.cpu import philox

    calls = {
        "uniform": lambda g: g.uniform([300_001]),
        "normal": lambda g: g.normal([300_001]),
        "truncated": lambda g: g.truncated_normal([300_001]),
        "normal64": lambda g: g.normal([100_001], np.float64),
        "uniform64": lambda g: g.uniform([100_001], np.float64),
        "int": lambda g: g.uniform_int([300_001], -7, 10**9),
        "int64": lambda g: g.uniform_int([100_001], -7, 10**15, np.int64),
    }
    cut = {name: call(Generator(3, 4)) for name, call in calls.items()}
    monkeypatch.setattr(philox, "_GRAIN", 10**9)
    for name, call in calls.items():
        np.testing.assert_array_equal(cut[name], call(Generator(3, 4)), err_msg=name)


def test_truncated_numbers_are_small_and_well_spread():
    values = Generator(1, 1).truncated_normal([100_000])
    assert np.abs(values).max() < 2
    assert abs(values.mean()) < 0.01 and abs(values.std() - 0.8796) < 0.01


@pytest.mark.parametrize("shape", [[], [0], [2, 0, 3], [2, 3]])
def test_any_shape(shape):
    generator = Generator(1, 2)
    for value in (generator.uniform(shape), generator.normal(shape, np.float64), generator.uniform_int(shape, 0, 5)):
        assert value.shape == tuple(shape)


def test_whole_numbers_take_their_bounds_dtype():
    assert Generator(1, 2).uniform_int([2], np.int64(0), np.int64(5)).dtype == np.int64
    assert Generator(1, 2).uniform_int([2], np.int32(0), np.int32(5)).dtype == np.int32
    assert Generator(1, 2).uniform_int([2], 0, 5).dtype == np.int32


def test_an_empty_interval_is_an_error():
    with pytest.raises(ValueError, match="Need minval < maxval, got 5 >= 5"):
        Generator(1, 2).uniform_int([3], 5, 5)


def test_only_floats_are_uniform():
    with pytest.raises(TypeError, match="not int32"):
        Generator(1, 2).uniform([3], np.int32)
