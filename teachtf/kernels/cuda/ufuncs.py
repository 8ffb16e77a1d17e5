"""NumPy's functions that the CPU's compiled mathematics uses and that Numba's CUDA target lacks, from CUDA's own library."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import config

__all__: list[str] = []


def _register() -> None:
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


if not getattr(config, "ENABLE_CUDASIM", False):  # which runs Python
    _register()
