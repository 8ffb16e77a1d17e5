"""Slices picked and placed by index tuples: gather_nd, scatter_nd, tensor_scatter_*."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from teachtf.core import dtypes, static
from teachtf.core.apply import apply_op
from teachtf.core.convert import convert_to_tensor
from teachtf.core.name_scope import name_scope
from teachtf.core.op_def import declare
from teachtf.core.shapes import TensorShape, unknown_shape
from teachtf.core.sparse import IndexedSlices
from teachtf.core.tensor import Tensor
from teachtf.ops import shape_functions as shapes
from teachtf.ops.arithmetic import cast, equal
from teachtf.ops.arrays import identity, rank, reshape, shape, size, squeeze
from teachtf.ops.fills import ones, zeros, zeros_like
from teachtf.ops.joining import concat, stack, unstack
from teachtf.ops.rearranging import tile, transpose

# --- declarations ----------------------------------------------------------------------------------------------------


def _gather_nd_shape(op: Any) -> list[TensorShape]:
    params, indices = op._inputs[0]._shape.as_tuple, shapes.require_rank_at_least(op._inputs[1], 1)
    if params is None or indices is None or indices[-1] is None:
        return [unknown_shape()]
    depth = indices[-1]
    if depth > len(params):
        raise ValueError(f"indices.shape[-1] must be <= params.rank, but saw indices shape {list(indices)} and params {params}")
    return [shapes.shape_of([*indices[:-1], *params[depth:]])]


def _gather_nd_gradient(op: Any, grad: Any) -> list[Any]:
    params, indices = op.inputs
    params_shape = shape(params, out_type=indices.dtype)
    dims = indices.shape.as_tuple
    if dims is not None and len(dims) == 2 and dims[-1] == 1:
        return [IndexedSlices(grad, squeeze(indices, axis=-1), params_shape), None]
    return [scatter_nd(indices, grad, params_shape, bad_indices_policy=op.get_attr("bad_indices_policy")), None]


_POLICY = "bad_indices_policy: string = ''"
declare(
    "GatherNd",
    inputs="params: Tparams, indices: Tindices",
    outputs="output: Tparams",
    attrs=f"Tparams: type, Tindices: {{int16, int32, int64}}, {_POLICY}",
    shape=_gather_nd_shape,
    gradient=_gather_nd_gradient,
)


def _check_scatter(indices_shape: TensorShape, updates_shape: TensorShape, target: TensorShape) -> None:
    """Check that updates of this shape fit `target` at indices of this shape, as far as the shapes are known."""
    if target.num_elements() == 0 and (indices_shape.num_elements() or updates_shape.num_elements()):
        raise ValueError("Indices and updates specified for empty output shape")
    indices, updates, dims = indices_shape.as_tuple, updates_shape.as_tuple, target.as_tuple
    if indices is None or not updates or indices[-1] is None:
        return
    outer, depth = len(indices) - 1, indices[-1]
    if len(updates) < outer or not TensorShape(indices[:outer]).is_compatible_with(updates[:outer]):
        raise ValueError(
            f"Dimensions [0,{outer}) of indices[shape={indices_shape}] must match dimensions [0,{outer}) of "
            f"updates[shape={updates_shape}]"
        )
    if dims is not None and (depth > len(dims) or not TensorShape(dims[depth:]).is_compatible_with(updates[outer:])):
        raise ValueError(
            f"Dimensions [{depth},{len(dims)}) of input[shape={target}] must match dimensions [{outer},{len(updates)}) of "
            f"updates[shape={updates_shape}]"
        )


def _scatter_nd_shape(op: Any) -> list[TensorShape]:
    indices, updates, wanted = op._inputs
    shapes.require_rank_at_least(indices, 1)
    shapes.require_rank_at_least(updates, 0)
    shapes.require_rank(wanted, 1)
    result = static.constant_value_as_shape(wanted)
    _check_scatter(indices._shape, updates._shape, result)
    return [result]


def _tensor_scatter_shape(op: Any) -> list[TensorShape]:
    tensor, indices, updates = op._inputs
    shapes.require_rank_at_least(tensor, 1)
    shapes.require_rank_at_least(indices, 1)
    _check_scatter(indices._shape, updates._shape, tensor._shape)
    return [tensor._shape]


declare(
    "ScatterNd",
    inputs="indices: Tindices, updates: T, shape: Tindices",
    outputs="output: T",
    attrs=f"T: type, Tindices: {{int16, int32, int64}}, {_POLICY}",
    shape=_scatter_nd_shape,
    gradient=lambda op, grad: [None, gather_nd(grad, op.inputs[0]), None],
)


def _update_gradient(op: Any, grad: Any) -> list[Any]:
    _, indices, updates = op.inputs
    of_updates = gather_nd(grad, indices)
    return [tensor_scatter_update(identity(grad), indices, zeros_like(updates, dtype=grad.dtype)), None, of_updates]


def _add_gradient(op: Any, grad: Any) -> list[Any]:
    of_updates = gather_nd(grad, op.inputs[1])
    return [identity(grad), None, -of_updates if op.type == "TensorScatterSub" else of_updates]


def _extreme_gradient(op: Any, grad: Any) -> list[Any]:
    """Shared equally by all that equal the extreme."""
    x, indices, y = op.inputs
    policy, output = op.get_attr("bad_indices_policy"), op.outputs[0]
    is_x = cast(equal(x, output), grad.dtype)
    is_y = cast(equal(y, gather_nd(output, indices, bad_indices_policy=policy)), grad.dtype)
    number = is_x + scatter_nd(indices, is_y, shape(x, out_type=indices.dtype), bad_indices_policy=policy)
    of_x = grad * is_x / number
    return [of_x, None, gather_nd(grad / number, indices, bad_indices_policy=policy) * is_y]


for _name, _indices, _gradient in (
    ("TensorScatterUpdate", "{int16, int32, int64, uint16}", _update_gradient),
    ("TensorScatterAdd", "{int32, int64}", _add_gradient),
    ("TensorScatterSub", "{int32, int64}", _add_gradient),
    ("TensorScatterMin", "{int32, int64}", _extreme_gradient),
    ("TensorScatterMax", "{int32, int64}", _extreme_gradient),
):
    declare(
        _name,
        inputs="tensor: T, indices: Tindices, updates: T",
        outputs="output: T",
        attrs=f"T: type, Tindices: {_indices}, {_POLICY}",
        shape=_tensor_scatter_shape,
        gradient=_gradient,
    )


# --- public functions ------------------------------------------------------------------------------------------------


def gather_nd(params: Any, indices: Any, name: str | None = None, batch_dims: Any = 0, bad_indices_policy: Any = "") -> Tensor:
    """The slices of `params` at index tuples.

    Args:
      params: the tensor to pick from.
      indices: an integer tensor of shape [..., depth]: each row is an index into the first `depth` axes of `params`.
      name: the operation's name.
      batch_dims: how many leading axes both have in common; the indices count behind them.
      bad_indices_policy: "IGNORE" gives zeros where there is no such slice; by default that is an error.

    Returns:
      A tensor of shape [..., *params.shape[depth:]].

    Raises:
      ValueError: the rows of `indices` are longer than the rank of `params`.

    Source: `tf.gather_nd`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     print(sess.run(tf.gather_nd([[1, 2], [3, 4]], [[0, 1], [1, 0]])))
    [2 3]
    """
    known = static.constant_value(batch_dims) if isinstance(batch_dims, Tensor) else batch_dims
    if known is not None:
        batch_dims = int(known)
    if batch_dims == 0:
        return apply_op("GatherNd", params, indices, bad_indices_policy=bad_indices_policy, name=name)
    return _batch_gather_nd(params, indices, batch_dims, name, bad_indices_policy)


def _batch_gather_nd(params: Any, indices: Any, batch_dims: Any, name: str | None, policy: Any) -> Tensor:
    """The places in the batch are put before the indices."""
    with name_scope(name, "BatchGatherND", [params, indices]):
        indices = convert_to_tensor(indices, name="indices")
        params = convert_to_tensor(params, name="params")
        if not isinstance(batch_dims, int):
            raise TypeError(f"Argument `batch_dims` must be an int; got {batch_dims}")
        if batch_dims < 0:
            raise ValueError("tf.gather_nd does not allow negative batch_dims.")
        for what, ndims in (("indices", indices.shape.ndims), ("params", params.shape.ndims)):
            if ndims is not None and batch_dims >= ndims:
                raise ValueError(f"Argument `batch_dims` = {batch_dims} must be less than rank(`{what}`) = {ndims}")
        params_shape, indices_shape = shape(params), shape(indices)
        batch = params_shape[:batch_dims]
        batch_size = apply_op("Prod", batch, [0])
        inner_rank = rank(indices) - batch_dims - 1
        inner = indices_shape[batch_dims:-1]
        numbers = [
            apply_op("Cast", apply_op("Range", 0, apply_op("Cast", x, DstT=dtypes.int32), 1), DstT=indices.dtype)
            for x in unstack(batch, axis=0)
        ]
        places = transpose(stack([reshape(x, [-1]) for x in meshgrid(*numbers, indexing="ij")], axis=0))
        places_shape = shape(places)
        wide = concat([places_shape[:1], ones(inner_rank, places_shape.dtype), places_shape[1:]], axis=0)
        places = tile(reshape(places, wide), concat(((1,), inner, (1,)), axis=0))
        flat = reshape(indices, concat(([batch_size], indices_shape[batch_dims:]), axis=0))
        result = apply_op("GatherNd", params, concat((places, flat), axis=-1), bad_indices_policy=policy)
        return reshape(result, concat((batch, shape(result)[1:]), axis=0))


def scatter_nd(indices: Any, updates: Any, shape: Any, name: str | None = None, bad_indices_policy: Any = "") -> Tensor:
    """Zeros of `shape` with slices added at index tuples; those of equal indices add up.

    Args:
      indices: an integer tensor of shape [..., depth].
      updates: a tensor of shape [..., *shape[depth:]].
      shape: the shape of the result, a vector of `indices`' dtype.
      name: the operation's name.
      bad_indices_policy: "IGNORE" leaves out what lies outside; by default that is an error.

    Raises:
      ValueError: the shapes do not fit.

    Source: `tf.scatter_nd`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     print(sess.run(tf.scatter_nd([[1], [3], [1]], [5, 6, 7], [4])))
    [ 0 12  0  6]
    """
    return apply_op("ScatterNd", indices, updates, shape, bad_indices_policy=bad_indices_policy, name=name)


def _tensor_scatter(function_name: str, op_type: str, what: str) -> Callable[..., Tensor]:
    def function(tensor: Any, indices: Any, updates: Any, name: str | None = None) -> Tensor:
        return apply_op(op_type, tensor, indices, updates, name=name)

    function.__name__ = function.__qualname__ = function_name
    function.__doc__ = f"""`tensor` with slices {what} at index tuples; the arguments are those of `scatter_nd`.

    Source: `tf.{function_name}`.
    """
    return function


tensor_scatter_update = _tensor_scatter("tensor_scatter_update", "TensorScatterUpdate", "replaced")
tensor_scatter_add = _tensor_scatter("tensor_scatter_add", "TensorScatterAdd", "added")
tensor_scatter_sub = _tensor_scatter("tensor_scatter_sub", "TensorScatterSub", "subtracted")
tensor_scatter_nd_min = _tensor_scatter("tensor_scatter_nd_min", "TensorScatterMin", "taken where they are less")
tensor_scatter_nd_max = _tensor_scatter("tensor_scatter_nd_max", "TensorScatterMax", "taken where they are greater")


def batch_gather(params: Any, indices: Any, name: str | None = None) -> Tensor:
    """In each batch, the slices at the indices; all axes of `indices` but the last are batches.

    Raises:
      ValueError: the rank of `indices` is not known, or not less than that of `params`.

    Source: `tf.batch_gather`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     print(sess.run(tf.batch_gather([[1, 2, 3], [4, 5, 6]], [[2, 0], [1, 1]])))
    [[3 1]
     [5 5]]
    """
    with name_scope(name, "BatchGather", [params, indices]):
        indices = convert_to_tensor(indices, name="indices")
        params = convert_to_tensor(params, name="params")
        ndims = indices.shape.ndims
        if ndims is None:
            raise ValueError("batch_gather does not allow indices with unknown shape.")
        if ndims == 0:
            raise ValueError("Argument `batch_dims` = -1 must be less than rank(`indices`) = 0")
        batch_dims = ndims - 1
        if params.shape.ndims is not None and batch_dims >= params.shape.ndims:
            raise ValueError(f"Argument `batch_dims` = {batch_dims} must be less than rank(`params`) = {params.shape.ndims}")
        return _gather_through(params, indices, batch_dims)


def _gather_through(params: Tensor, indices: Tensor, batch_dims: int) -> Tensor:
    """A gather with the indices counted through all batches."""
    from teachtf.ops.gathering import gather

    indices_shape, params_shape = shape(indices), shape(params)
    dtype, numbers = indices.dtype.base_dtype, indices
    step: Any = ones((), dtype)
    dims = apply_op("Cast", params_shape, DstT=dtype)
    ndims = batch_dims + 1
    for dim in range(batch_dims, 0, -1):
        size_here = dims[dim - 1]
        step *= dims[dim]
        starts = apply_op("Range", zeros((), dtype), size_here, ones((), dtype))
        starts *= step
        numbers += reshape(starts, stack([1] * (dim - 1) + [size_here] + [1] * (ndims - dim), axis=0))
    flat = reshape(numbers, [-1])
    outer = params_shape[batch_dims + 1 :]
    inner = apply_op("Prod", params_shape[: batch_dims + 1], [0], keep_dims=False)
    found = gather(reshape(params, concat([[inner], outer], axis=0)), flat)
    result = reshape(found, concat([indices_shape, outer], axis=0))
    batch = indices.shape[:batch_dims].merge_with(params.shape[:batch_dims])
    result.set_shape(batch.concatenate(indices.shape[batch_dims:]).concatenate(params.shape[batch_dims + 1 :]))
    return result


def meshgrid(*args: Any, **kwargs: Any) -> list[Tensor]:
    """The coordinates of a grid: each vector repeated along the axes of the others.

    Args:
      *args: vectors, or scalars.
      **kwargs: `indexing`, "xy" (the first two axes exchanged, the default) or "ij"; `name`.

    Raises:
      TypeError: there is another keyword.
      ValueError: `indexing` is something else.

    Source: `tf.meshgrid`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     print(*sess.run(tf.meshgrid([1, 2], [3, 4])))
    [[1 2]
     [1 2]] [[3 3]
     [4 4]]
    """
    indexing, name = kwargs.pop("indexing", "xy"), kwargs.pop("name", "meshgrid")
    for key in kwargs:
        raise TypeError(f"'{key}' is an invalid keyword argument for this function")
    if indexing not in ("xy", "ij"):
        raise ValueError(f"Argument `indexing` parameter must be either 'xy' or 'ij', got '{indexing}'")
    with name_scope(name, "meshgrid", args):
        number = len(args)
        if not number:
            return []
        ones_of = (1,) * number
        parts = [reshape(stack(x), (*ones_of[:i], -1, *ones_of[i + 1 :])) for i, x in enumerate(args)]
        sizes = [size(x) for x in args]
        dtype = convert_to_tensor(args[0]).dtype.base_dtype
        if indexing == "xy" and number > 1:
            parts[0] = reshape(parts[0], (1, -1) + (1,) * (number - 2))
            parts[1] = reshape(parts[1], (-1, 1) + (1,) * (number - 2))
            sizes[0], sizes[1] = sizes[1], sizes[0]
        whole = ones(sizes, dtype)
        return [part * whole for part in parts]
