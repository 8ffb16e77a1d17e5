"""`tf.sparse`: tensors by their elements that are not zero. Each name is explained where it is defined."""

from __future__ import annotations

from teachtf.core.sparse import SparseTensor
from teachtf.ops.segments import sparse_segment_mean as segment_mean
from teachtf.ops.segments import sparse_segment_sqrt_n as segment_sqrt_n
from teachtf.ops.segments import sparse_segment_sum as segment_sum
from teachtf.ops.sparse_arrays import sparse_concat as concat
from teachtf.ops.sparse_arrays import sparse_fill_empty_rows as fill_empty_rows
from teachtf.ops.sparse_arrays import sparse_reorder as reorder
from teachtf.ops.sparse_arrays import sparse_reshape as reshape
from teachtf.ops.sparse_arrays import sparse_retain as retain
from teachtf.ops.sparse_arrays import sparse_slice as slice
from teachtf.ops.sparse_arrays import sparse_split as split
from teachtf.ops.sparse_arrays import sparse_transpose as transpose
from teachtf.ops.sparse_building import from_dense
from teachtf.ops.sparse_building import sparse_expand_dims as expand_dims
from teachtf.ops.sparse_building import sparse_eye as eye
from teachtf.ops.sparse_building import sparse_mask as mask
from teachtf.ops.sparse_building import sparse_merge as merge
from teachtf.ops.sparse_building import sparse_placeholder as placeholder
from teachtf.ops.sparse_building import sparse_to_indicator as to_indicator
from teachtf.ops.sparse_math import sparse_add as add
from teachtf.ops.sparse_math import sparse_maximum as maximum
from teachtf.ops.sparse_math import sparse_minimum as minimum
from teachtf.ops.sparse_math import sparse_reduce_max as reduce_max
from teachtf.ops.sparse_math import sparse_reduce_max_sparse as reduce_max_sparse
from teachtf.ops.sparse_math import sparse_reduce_sum as reduce_sum
from teachtf.ops.sparse_math import sparse_reduce_sum_sparse as reduce_sum_sparse
from teachtf.ops.sparse_math import sparse_softmax as softmax
from teachtf.ops.sparse_math import sparse_tensor_dense_matmul as sparse_dense_matmul
from teachtf.ops.sparse_math import sparse_tensor_to_dense as to_dense

matmul = sparse_dense_matmul

__all__ = [
    "SparseTensor",
    "add",
    "concat",
    "expand_dims",
    "eye",
    "fill_empty_rows",
    "from_dense",
    "mask",
    "matmul",
    "maximum",
    "merge",
    "minimum",
    "placeholder",
    "reduce_max",
    "reduce_max_sparse",
    "reduce_sum",
    "reduce_sum_sparse",
    "reorder",
    "reshape",
    "retain",
    "segment_mean",
    "segment_sqrt_n",
    "segment_sum",
    "slice",
    "softmax",
    "sparse_dense_matmul",
    "split",
    "to_dense",
    "to_indicator",
    "transpose",
]
