"""The matrices of Winograd's convolutions, and the products with them as straight-line vector code."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from .vector import VECTOR_BYTES

__all__ = ["SINGLES", "make_transform", "matrices"]

Matrix = list[list[Fraction]]
SINGLES = VECTOR_BYTES // 4  # float32 numbers of a vector
# By t: of the sets tried, those with the smallest error against float64 (the last point is infinity).
_POINTS = {6: ("0", "2/3", "-2/3", "3/2", "-3/2"), 8: ("0", "1", "-1", "2", "-2", "1/2", "-1/2")}


def matrices(taps: int, outputs: int) -> tuple[Matrix, Matrix, Matrix]:
    """Those that take a line of a tile and a line of a filter to the points, and a line of their products back: t x t,
    t x taps and outputs x t numbers, where t = taps + outputs - 1."""
    points = [Fraction(p) for p in _POINTS[taps + outputs - 1]]

    def product(roots: list[Fraction]) -> list[Fraction]:
        coefficients = [Fraction(1)]
        for root in roots:  # times (x - root), lowest power first
            coefficients = [
                a - root * b for a, b in zip([Fraction(0), *coefficients], [*coefficients, Fraction(0)], strict=True)
            ]
        return coefficients

    tile, filters = [], []
    for p in points:
        others = [q for q in points if q != p]
        norm = math.prod((p - q for q in others), start=Fraction(1))
        tile.append([*product(others), Fraction(0)])
        filters.append([p**k / norm for k in range(taps)])
    tile.append(product(points))
    filters.append([Fraction(int(k == taps - 1)) for k in range(taps)])
    back = [[p**i for p in points] + [Fraction(int(i == outputs - 1))] for i in range(outputs)]
    return tile, filters, back


def make_transform(matrix: Matrix) -> Any:
    """A matrix times a column of vectors: ``transform(like, source, source_step, target, target_step)``, addresses and steps in
    bytes. Rows that differ only in the signs of every other number share their two half sums."""
    width = len(matrix[0])

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        _, source, source_step, target, target_step = values
        vector = ir.VectorType(ir.FloatType(), SINGLES)
        name = f"llvm.fma.v{SINGLES}f32"
        fma = builder.module.globals.get(name) or ir.Function(builder.module, ir.FunctionType(vector, [vector] * 3), name)

        def at(address: Any, step: Any, i: int) -> Any:
            place = builder.add(address, builder.mul(step, ir.Constant(step.type, i)))
            return builder.inttoptr(place, vector.as_pointer())

        given = [builder.load(at(source, source_step, i), align=4) for i in range(width)]

        def combined(numbers: list[Fraction], start: int, step: int) -> Any:
            total = None
            for i in range(start, width, step):
                number, value = numbers[i], given[i]
                if number == 0:
                    continue
                factor = ir.Constant(vector, [float(number)] * SINGLES)
                if total is not None:
                    total = builder.fadd(total, value) if number == 1 else builder.call(fma, [value, factor, total])
                else:
                    total = value if number == 1 else builder.fmul(value, factor)
            return ir.Constant(vector, None) if total is None else total

        done: dict[int, Any] = {}
        for a, row in enumerate(matrix):
            if a in done:
                continue
            for b in range(a + 1, len(matrix)):
                sign = next((x / y for x, y in zip(row, matrix[b], strict=True) if x and y), None)
                twin = [sign * y * (-1) ** i * (-1) ** _first(row) for i, y in enumerate(matrix[b])] if sign else None
                if b not in done and twin == row and sign in (1, -1):
                    even, odd = combined(row, 0, 2), combined(row, 1, 2)
                    done[a] = builder.fadd(even, odd)
                    first_is_even = _first(row) % 2 == 0
                    plus, minus = (even, odd) if first_is_even == (sign == 1) else (odd, even)
                    done[b] = builder.fsub(plus, minus)
                    break
            else:
                done[a] = combined(row, 0, 1)
        for i in range(len(matrix)):
            builder.store(done[i], at(target, target_step, i), align=4)
        return context.get_dummy_value()

    @intrinsic
    def transform(typing_context: Any, like: Any, source: Any, source_step: Any, target: Any, target_step: Any) -> Any:
        return types.void(like, *[types.int64] * 4), generate

    return transform


def _first(row: list[Fraction]) -> int:
    return next(i for i, number in enumerate(row) if number)
