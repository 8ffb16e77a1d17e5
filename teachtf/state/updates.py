"""How a variable is changed: the methods of `tf.Variable` that make operations on its reference."""

from __future__ import annotations

from typing import Any

from teachtf.core.apply import apply_op
from teachtf.core.operation import Operation
from teachtf.core.sparse import IndexedSlices
from teachtf.core.tensor import Tensor
from teachtf.ops import partial_updates
from teachtf.ops import variables as state_ops
from teachtf.platform import log

_IN_PLACE = (
    "Variable %s will be deprecated. Use %s if you want assignment to the variable value or `x = %s` if you want a new python "
    "Tensor object."
)


class Updates:
    """The methods that change a variable. Each gives an operation's result: the variable after the change."""

    _variable: Tensor

    def assign(self, value: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True) -> Any:
        """Give the variable a new value. With `read_value=False`, the operation instead of its result."""
        return _read(state_ops.assign(self._variable, value, use_locking=use_locking, name=name), read_value)

    def assign_add(self, delta: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True) -> Any:
        """Add `delta` to the variable. `read_value` as in `assign`."""
        return _read(state_ops.assign_add(self._variable, delta, use_locking=use_locking, name=name), read_value)

    def assign_sub(self, delta: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True) -> Any:
        """Take `delta` from the variable. `read_value` as in `assign`."""
        return _read(state_ops.assign_sub(self._variable, delta, use_locking=use_locking, name=name), read_value)

    def count_up_to(self, limit: int) -> Tensor:
        """Count up by one and give the value before; OutOfRangeError at `limit`."""
        return state_ops.count_up_to(self._variable, limit=limit)

    def scatter_update(self, sparse_delta: Any, use_locking: bool = False, name: str | None = None) -> Tensor:
        """Put the rows of an `IndexedSlices` in."""
        return state_ops.scatter_update(self._variable, *_rows(sparse_delta), use_locking, name)

    def scatter_add(self, sparse_delta: Any, use_locking: bool = False, name: str | None = None) -> Tensor:
        """Add the rows of an `IndexedSlices`."""
        return state_ops.scatter_add(self._variable, *_rows(sparse_delta), use_locking, name)

    def scatter_sub(self, sparse_delta: Any, use_locking: bool = False, name: str | None = None) -> Tensor:
        """Take the rows of an `IndexedSlices` away."""
        return state_ops.scatter_sub(self._variable, *_rows(sparse_delta), use_locking, name)

    def scatter_mul(self, sparse_delta: Any, use_locking: bool = False, name: str | None = None) -> Tensor:
        """Multiply by the rows of an `IndexedSlices`."""
        return state_ops.scatter_mul(self._variable, *_rows(sparse_delta), use_locking, name)

    def scatter_div(self, sparse_delta: Any, use_locking: bool = False, name: str | None = None) -> Tensor:
        """Divide by the rows of an `IndexedSlices`."""
        return state_ops.scatter_div(self._variable, *_rows(sparse_delta), use_locking, name)

    def scatter_min(self, sparse_delta: Any, use_locking: bool = False, name: str | None = None) -> Tensor:
        """Keep the smaller of the variable and the rows of an `IndexedSlices`."""
        return state_ops.scatter_min(self._variable, *_rows(sparse_delta), use_locking, name)

    def scatter_max(self, sparse_delta: Any, use_locking: bool = False, name: str | None = None) -> Tensor:
        """Keep the larger of the variable and the rows of an `IndexedSlices`."""
        return state_ops.scatter_max(self._variable, *_rows(sparse_delta), use_locking, name)

    def batch_scatter_update(self, sparse_delta: Any, use_locking: bool = False, name: str | None = None) -> Tensor:
        """Put the rows of an `IndexedSlices` in, whose indices count in the last of their axes."""
        return partial_updates.batch_scatter_update(self, sparse_delta.indices, sparse_delta.values, use_locking, name)

    def scatter_nd_update(self, indices: Any, updates: Any, name: str | None = None) -> Tensor:
        """Put `updates` in at `indices`, as `tf.scatter_nd_update`."""
        return partial_updates.scatter_nd_update(self._variable, indices, updates, True, name)

    def scatter_nd_add(self, indices: Any, updates: Any, name: str | None = None) -> Tensor:
        """Add `updates` at `indices`, as `tf.scatter_nd_add`."""
        return partial_updates.scatter_nd_add(self._variable, indices, updates, True, name)

    def scatter_nd_sub(self, indices: Any, updates: Any, name: str | None = None) -> Tensor:
        """Take `updates` away at `indices`, as `tf.scatter_nd_sub`."""
        return partial_updates.scatter_nd_sub(self._variable, indices, updates, True, name)

    def scatter_nd_min(self, indices: Any, updates: Any, name: str | None = None) -> Tensor:
        """Keep the smaller of the variable and `updates` at `indices`."""
        return apply_op("ScatterNdMin", self._variable, indices, updates, use_locking=True, name=name)

    def scatter_nd_max(self, indices: Any, updates: Any, name: str | None = None) -> Tensor:
        """Keep the larger of the variable and `updates` at `indices`."""
        return apply_op("ScatterNdMax", self._variable, indices, updates, use_locking=True, name=name)

    def _strided_slice_assign(self, begin: Any, end: Any, strides: Any, value: Any, name: str | None, **masks: int) -> Tensor:
        """What `variable[1:3].assign(value)` makes."""
        return apply_op("StridedSliceAssign", self._variable, begin, end, strides, value, name=name, **masks)

    # `v += x` makes a tensor of another name, and no change of the variable: that surprises, so it is said once.

    def __iadd__(self, other: Any) -> Any:
        log.log_first_n(log.WARN, _IN_PLACE, 1, "+=", "variable.assign_add", "x + y")
        return self + other

    def __isub__(self, other: Any) -> Any:
        log.log_first_n(log.WARN, _IN_PLACE, 1, "-=", "variable.assign_sub", "x - y")
        return self - other

    def __imul__(self, other: Any) -> Any:
        log.log_first_n(log.WARN, _IN_PLACE, 1, "*=", "`var.assign(var * other)`", "x * y")
        return self * other

    def __itruediv__(self, other: Any) -> Any:
        log.log_first_n(log.WARN, _IN_PLACE, 1, "/=", "`var.assign(var / other)`", "x / y")
        return self / other

    def __ipow__(self, other: Any) -> Any:
        log.log_first_n(log.WARN, _IN_PLACE, 1, "**=", "`var.assign(var ** other)`", "x ** y")
        return self**other


def _read(result: Tensor, read_value: bool) -> Tensor | Operation:
    return result if read_value else result.op


def _rows(sparse_delta: Any) -> tuple[Tensor, Tensor]:
    if not isinstance(sparse_delta, IndexedSlices):
        raise TypeError(f"sparse_delta is not IndexedSlices: {sparse_delta}")
    return sparse_delta.indices, sparse_delta.values
