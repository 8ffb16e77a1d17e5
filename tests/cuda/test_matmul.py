"""Products whose sizes fill tiles, and do not; along every axis of memory."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from teachtf.kernels.cuda import matmul, registry
from teachtf.kernels.cuda.arrays import to_gpu

sys.path.insert(0, str(Path(__file__).parent))
from compare import built, floats, ramp, same

# Of what is not finite: NumPy has its settings by thread, and the simulator its own threads.
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

TURNS = [(False, False), (False, True), (True, False), (True, True)]


def matrices(m: int, k: int, n: int, turns: Any, outer: Any = ((), ())) -> tuple[Any, Any]:
    a, b = floats(*outer[0], m, k), floats(*outer[1], k, n) + np.float32(0.1)
    a, b = (x.swapaxes(-1, -2).copy() if turn else x for x, turn in zip((a, b), turns, strict=True))
    return a, b


@pytest.mark.parametrize("turns", TURNS, ids=str)
@pytest.mark.parametrize("sizes", [(8, 8, 8), (9, 17, 10), (1, 3, 20), (20, 1, 1), (3, 0, 4), (0, 3, 4)], ids=str)
def test_sizes(sizes: Any, turns: Any) -> None:
    a, b = matrices(*sizes, turns)
    same("MatMul", a, b, rtol=2e-6, transpose_a=turns[0], transpose_b=turns[1])
    same("MatMul", a.astype(np.float64), b.astype(np.float64), rtol=1e-14, transpose_a=turns[0], transpose_b=turns[1])


@pytest.mark.parametrize("dtype", [np.int32, np.int64])
def test_whole_numbers(dtype: Any) -> None:
    same("MatMul", ramp(9, 5, dtype=dtype), ramp(5, 11, dtype=dtype))


@pytest.mark.parametrize("parts", [1, 3])
def test_a_long_depth_is_summed_in_parts(parts: int, monkeypatch: Any) -> None:
    monkeypatch.setattr(matmul, "_PART", 40)
    monkeypatch.setattr(matmul, "_BLOCKS", parts)
    same("MatMul", floats(3, 130), floats(130, 5), rtol=2e-6)


@pytest.mark.parametrize("turns", TURNS, ids=str)
@pytest.mark.parametrize(
    "outer", [((2,), (2,)), ((2, 3), (3,)), ((), (4,)), ((4,), ()), ((2, 1), (1, 3)), ((0,), (0,)), ((1,), (1,))], ids=str
)
def test_stacks(outer: Any, turns: Any) -> None:
    a, b = matrices(5, 9, 4, turns, outer)
    same("BatchMatMulV2", a, b, rtol=2e-6, adj_x=turns[0], adj_y=turns[1])


def test_what_is_not_finite_stays_in_its_row_and_column() -> None:
    a, b = matrices(9, 10, 11, (False, False))
    a[2, 3], b[4, 5] = np.nan, np.inf
    same("MatMul", a, b, rtol=2e-6)


def test_inner_dimensions_that_differ() -> None:
    call, arrays = built("MatMul", (floats(3, 4), floats(5, 6)), {}, registry, ())
    with pytest.raises(ValueError, match="The inner dimensions differ: 4 and 5"):
        call(*map(to_gpu, arrays))
