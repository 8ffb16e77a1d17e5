"""Products summed over named axes, with dots, diagonals and axes of one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from teachtf.kernels.cuda import registry
from teachtf.kernels.cuda.arrays import to_gpu

sys.path.insert(0, str(Path(__file__).parent))
from compare import built, floats, ramp, same

EQUATIONS: list[tuple[str, tuple[Any, ...]]] = [
    ("ij->ji", ((3, 4),)),
    ("ijk->ik", ((3, 4, 2),)),
    ("ij->", ((3, 4),)),
    ("ii->i", ((3, 3),)),
    ("ii->", ((3, 3),)),
    ("iji->j", ((3, 4, 3),)),
    ("...ij->...ji", ((2, 5, 3, 4),)),
    ("...->...", ((2, 3),)),
    ("ij,jk->ik", ((3, 4), (4, 5))),
    ("ij,kj->ki", ((3, 4), (5, 4))),
    ("i,j->ij", ((3,), (4,))),
    ("i,i->", ((3,), (3,))),
    ("ij,ij->ij", ((3, 4), (3, 4))),
    ("bij,bjk->bik", ((2, 3, 4), (2, 4, 5))),
    ("bij,jk->bki", ((2, 3, 4), (4, 5))),
    ("abc,cad->bd", ((2, 3, 4), (4, 2, 5))),
    ("abc,de->ad", ((2, 3, 4), (3, 2))),
    ("bii,bj->bj", ((2, 3, 3), (2, 4))),
    ("...ij,...jk->...ik", ((2, 3, 4), (2, 4, 5))),
    ("...ij,...jk->...ik", ((1, 3, 4), (6, 4, 5))),
    ("...ij,jk->...ik", ((2, 2, 3, 4), (4, 5))),
    ("i...,...j->...ij", ((3, 5, 2), (2, 4))),
    ("ij,jk->ik", ((3, 0), (0, 5))),
    ("ij,jk->ik", ((0, 4), (4, 5))),
]


@pytest.mark.parametrize("equation, shapes", EQUATIONS, ids=str)
def test_equations(equation: str, shapes: tuple[Any, ...]) -> None:
    for made, rtol in ((floats, 3e-6), (lambda *s: ramp(*s, dtype=np.int64), 0.0)):
        arrays = [made(*s) for s in shapes]
        same("Einsum", arrays, rtol=rtol, equation=equation)


def test_sizes_that_do_not_fit() -> None:
    call, arrays = built("Einsum", ([floats(3, 4), floats(5, 6)],), {"equation": "ij,jk->ik"}, registry, ())
    with pytest.raises(ValueError):
        call(*map(to_gpu, arrays))


@pytest.mark.parametrize("equation", ["i->ii", "i,i,i->i"])
def test_what_the_cpu_serves(equation: str) -> None:
    call, _ = built("Einsum", ([floats(3)] * (equation.count(",") + 1),), {"equation": equation}, registry, ())
    assert call is None
