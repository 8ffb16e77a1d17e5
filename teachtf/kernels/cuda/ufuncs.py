"""NumPy's functions that the CPU's compiled mathematics uses and that Numba's CUDA target lacks, from CUDA's own library."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import config

__all__: list[str] = []


def _register() -> None:
    from numba.cuda.mathimpl import get_binary_impl_for_fn_and_ty, get_unary_impl_for_fn_and_ty
    from numba.cuda.ufuncs import ufunc_db

    def code(function: Any, find: Any) -> Any:
        def lower(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return find(function, signature.args[0])(context, builder, signature, arguments)

        return lower

    for ufunc, function in ((np.floor, math.floor), (np.ceil, math.ceil), (np.sqrt, math.sqrt)):
        one = code(function, get_unary_impl_for_fn_and_ty)
        ufunc_db().setdefault(ufunc, {"f->f": one, "d->d": one})
    for ufunc, function in ((np.copysign, math.copysign), (np.fmod, math.fmod)):
        two = code(function, get_binary_impl_for_fn_and_ty)
        ufunc_db().setdefault(ufunc, {"ff->f": two, "dd->d": two})


if not config.ENABLE_CUDASIM:  # which runs Python
    _register()
