"""The CPU's compiled mathematics on GPUs: what Numba's CUDA target lacks for it, or does another way."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import config

__all__: list[str] = []


def _add_functions() -> None:
    """NumPy's functions that CUDA has in its own library."""
    from llvmlite import ir
    from numba.core import cgutils, types
    from numba.cuda.mathimpl import get_binary_impl_for_fn_and_ty, get_unary_impl_for_fn_and_ty
    from numba.cuda.ufuncs import ufunc_db

    def code(function: Any, find: Any) -> Any:
        def lower(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return find(function, signature.args[0])(context, builder, signature, arguments)

        return lower

    def rint(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        real = context.get_value_type(signature.return_type)
        name = "__nv_rint" if signature.return_type == types.float64 else "__nv_rintf"
        function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(real, [real]), name)
        return builder.call(function, arguments)

    known, one, two = ufunc_db(), get_unary_impl_for_fn_and_ty, get_binary_impl_for_fn_and_ty
    lowered: dict[Any, tuple[str, Any]] = {
        np.ceil: ("{0}->{0}", code(math.ceil, one)),
        np.copysign: ("{0}{0}->{0}", code(math.copysign, two)),
        np.floor: ("{0}->{0}", code(math.floor, one)),
        np.fmod: ("{0}{0}->{0}", code(math.fmod, two)),
        np.rint: ("{0}->{0}", rint),
        np.sqrt: ("{0}->{0}", code(math.sqrt, one)),
    }
    for ufunc, (types_of, lower) in lowered.items():
        known.setdefault(ufunc, {types_of.format(kind): lower for kind in "fd"})


def _keep_divisions_exact() -> None:
    """CUDA contracts a * b + c anyway; Numba's CUDA target reads the CPU's option for it, {"contract"}, as all of fast math,
    with divisions by an approximate reciprocal."""
    from numba.cuda.dispatcher import CUDADispatcher

    made = CUDADispatcher.__init__

    def init(self: Any, function: Any, targetoptions: Any, *rest: Any, **named: Any) -> None:
        if not isinstance(targetoptions.get("fastmath", False), bool):
            targetoptions = {**targetoptions, "fastmath": False}
        made(self, function, targetoptions, *rest, **named)

    CUDADispatcher.__init__ = init  # type: ignore[method-assign, assignment]


def _divide_complex_numbers() -> None:
    """As NumPy does. Numba's own division ends the thread, with nothing written, where the divisor is zero."""
    import operator

    from numba import types
    from numba.cuda.core.imputils import lower_builtin

    def quotient(x, y):  # type: ignore[no-untyped-def]
        if abs(y.real) >= abs(y.imag):
            if y.real == 0:
                return complex(x.real / abs(y.real), x.imag / abs(y.real))
            ratio = y.imag / y.real
            below = y.real + y.imag * ratio
            return complex((x.real + x.imag * ratio) / below, (x.imag - x.real * ratio) / below)
        ratio = y.real / y.imag
        below = y.imag + y.real * ratio
        return complex((x.real * ratio + x.imag) / below, (x.imag * ratio - x.real) / below)

    def lower(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return context.compile_internal(builder, quotient, signature, arguments)

    for kind in (types.complex64, types.complex128):
        lower_builtin(operator.truediv, kind, kind)(lower)


if not getattr(config, "ENABLE_CUDASIM", False):  # which runs Python
    _add_functions()
    _keep_divisions_exact()
    _divide_complex_numbers()
