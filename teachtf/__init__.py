"""teachtf: TensorFlow 1's graph mode, small, fast and visible.

`import teachtf as tf` runs TensorFlow 1 programs: graphs, sessions, variables, scopes, checkpoints.
"""

from __future__ import annotations

from typing import Any

from teachtf import errors, initializers, nn, train
from teachtf.core.convert import constant, convert_to_tensor, register_tensor_conversion_function
from teachtf.core.devices import DeviceSpec
from teachtf.core.dtypes import (
    QUANTIZED_DTYPES,
    DType,
    as_dtype,
    bfloat16,
    bool,
    complex64,
    complex128,
    double,
    float16,
    float32,
    float64,
    half,
    int8,
    int16,
    int32,
    int64,
    qint8,
    qint16,
    qint32,
    quint8,
    quint16,
    resource,
    string,
    uint8,
    uint16,
    uint32,
    uint64,
    variant,
)
from teachtf.core.errors import OpError
from teachtf.core.graph import Graph, get_default_graph, get_default_session, reset_default_graph
from teachtf.core.graph_import import import_graph_def
from teachtf.core.keys import GraphKeys
from teachtf.core.name_scope import (
    add_to_collection,
    add_to_collections,
    colocate_with,
    container,
    control_dependencies,
    device,
    get_collection,
    get_collection_ref,
    name_scope,
    op_scope,
)
from teachtf.core.operation import Operation
from teachtf.core.seeds import get_seed, set_random_seed
from teachtf.core.shapes import Dimension, TensorShape, dimension_at_index, dimension_value
from teachtf.core.sparse import (
    IndexedSlices,
    SparseTensor,
    SparseTensorValue,
    convert_to_tensor_or_indexed_slices,
    convert_to_tensor_or_sparse_tensor,
)
from teachtf.core.static_value import get_static_value
from teachtf.core.tensor import Tensor, is_symbolic_tensor, is_tensor
from teachtf.core.tensor_proto import make_ndarray, make_tensor_proto
from teachtf.core.tensor_spec import TensorSpec, TypeSpec
from teachtf.core.tracebacks import shorten_in_notebooks as _shorten_in_notebooks
from teachtf.modeling.confusion import confusion_matrix
from teachtf.ops import images as _images  # these declare ops that may stand in a graph that is imported
from teachtf.ops import sets as _sets
from teachtf.ops import summaries as _summaries
from teachtf.ops.aggregation import AggregationMethod, accumulate_n
from teachtf.ops.arithmetic import (
    abs,
    acos,
    acosh,
    add,
    add_n,
    asin,
    asinh,
    atan,
    atan2,
    atanh,
    cast,
    ceil,
    complex,
    conj,
    cos,
    cosh,
    digamma,
    div,
    div_no_nan,
    divide,
    equal,
    erf,
    erfc,
    exp,
    expm1,
    floor,
    floordiv,
    floormod,
    greater,
    greater_equal,
    imag,
    is_finite,
    is_inf,
    is_nan,
    less,
    less_equal,
    lgamma,
    log,
    log1p,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    maximum,
    minimum,
    multiply,
    negative,
    not_equal,
    pow,
    real,
    realdiv,
    reciprocal,
    rint,
    round,
    rsqrt,
    scalar_mul,
    sigmoid,
    sign,
    sin,
    sinh,
    sqrt,
    square,
    squared_difference,
    subtract,
    tan,
    tanh,
    to_double,
    to_float,
    to_int32,
    to_int64,
    truediv,
    truncatediv,
    truncatemod,
    where,
)
from teachtf.ops.arrays import (
    check_numerics,
    expand_dims,
    identity,
    placeholder,
    placeholder_with_default,
    rank,
    reshape,
    shape,
    shape_n,
    size,
    squeeze,
    stop_gradient,
)
from teachtf.ops.assertions import (
    Assert,
    assert_equal,
    assert_greater,
    assert_greater_equal,
    assert_integer,
    assert_less,
    assert_less_equal,
    assert_near,
    assert_negative,
    assert_non_negative,
    assert_non_positive,
    assert_none_equal,
    assert_positive,
    assert_proper_iterable,
    assert_rank,
    assert_rank_at_least,
    assert_rank_in,
    assert_same_float_dtype,
    assert_scalar,
    assert_type,
    is_non_decreasing,
    is_numeric_tensor,
    is_strictly_increasing,
)
from teachtf.ops.bits import bitcast
from teachtf.ops.broadcasting import broadcast_dynamic_shape, broadcast_static_shape
from teachtf.ops.case import case
from teachtf.ops.checking import add_check_numerics_ops, ensure_shape, identity_n, verify_tensor_all_finite
from teachtf.ops.clipping import clip_by_average_norm, clip_by_global_norm, clip_by_norm, clip_by_value, global_norm
from teachtf.ops.cond import cond
from teachtf.ops.contractions import cross, einsum, norm, trace
from teachtf.ops.control_flow import Print, group, no_op
from teachtf.ops.control_flow import tuple_ as tuple
from teachtf.ops.counting import (
    bincount,
    count_nonzero,
    edit_distance,
    histogram_fixed_width,
    histogram_fixed_width_bins,
    setdiff1d,
)
from teachtf.ops.decompositions import (
    cholesky,
    cholesky_solve,
    log_matrix_determinant,
    matrix_determinant,
    matrix_inverse,
    matrix_solve,
    matrix_triangular_solve,
    qr,
    self_adjoint_eig,
    self_adjoint_eigvals,
    svd,
)
from teachtf.ops.diagonals import (
    diag,
    diag_part,
    eye,
    matrix_band_part,
    matrix_diag,
    matrix_diag_part,
    matrix_set_diag,
    matrix_transpose,
)
from teachtf.ops.fills import broadcast_to, fill, linspace, ones, ones_like, range, zeros, zeros_like
from teachtf.ops.gathering import gather, one_hot
from teachtf.ops.gradients import NoGradient, NotDifferentiable, RegisterGradient, UnconnectedGradients, gradients
from teachtf.ops.hessians import hessians
from teachtf.ops.joining import concat, split, stack, unstack
from teachtf.ops.least_squares import matrix_solve_ls, matrix_square_root
from teachtf.ops.linalg import matmul
from teachtf.ops.masking import boolean_mask, sequence_mask, where_v2
from teachtf.ops.partial_updates import batch_scatter_update, scatter_nd_add, scatter_nd_sub, scatter_nd_update
from teachtf.ops.partitioning import dynamic_partition, dynamic_stitch
from teachtf.ops.patches import extract_image_patches, parallel_stack
from teachtf.ops.py_func import numpy_function, py_func
from teachtf.ops.quantization import (
    angle,
    dequantize,
    fake_quant_with_min_max_args,
    fake_quant_with_min_max_vars,
    quantize,
    quantize_v2,
    to_bfloat16,
    to_complex64,
    to_complex128,
)
from teachtf.ops.random import multinomial, random_normal, random_shuffle, random_uniform, truncated_normal
from teachtf.ops.random_distributions import random_crop, random_gamma, random_poisson
from teachtf.ops.rearranging import invert_permutation, pad, reverse, tile, transpose
from teachtf.ops.reductions import (
    argmax,
    argmin,
    cumprod,
    cumsum,
    reduce_all,
    reduce_any,
    reduce_logsumexp,
    reduce_max,
    reduce_mean,
    reduce_min,
    reduce_prod,
    reduce_sum,
)
from teachtf.ops.saturating import saturate_cast
from teachtf.ops.scattering import (
    batch_gather,
    gather_nd,
    meshgrid,
    scatter_nd,
    tensor_scatter_add,
    tensor_scatter_nd_max,
    tensor_scatter_nd_min,
    tensor_scatter_sub,
    tensor_scatter_update,
)
from teachtf.ops.segments import (
    segment_max,
    segment_mean,
    segment_min,
    segment_prod,
    segment_sum,
    sparse_segment_mean,
    sparse_segment_sqrt_n,
    sparse_segment_sum,
    unsorted_segment_max,
    unsorted_segment_mean,
    unsorted_segment_min,
    unsorted_segment_prod,
    unsorted_segment_sqrt_n,
    unsorted_segment_sum,
)
from teachtf.ops.session_handles import delete_session_tensor, get_session_handle, get_session_tensor
from teachtf.ops.slicing import slice_ as slice
from teachtf.ops.slicing import strided_slice
from teachtf.ops.sorting import (
    argsort,
    repeat,
    reverse_sequence,
    roll,
    searchsorted,
    sort,
    unravel_index,
)
from teachtf.ops.spaces import (
    batch_to_space,
    batch_to_space_nd,
    depth_to_space,
    required_space_to_batch_paddings,
    space_to_batch,
    space_to_batch_nd,
    space_to_depth,
)
from teachtf.ops.sparse_arrays import (
    sparse_concat,
    sparse_fill_empty_rows,
    sparse_reorder,
    sparse_reshape,
    sparse_retain,
    sparse_slice,
    sparse_split,
    sparse_transpose,
)
from teachtf.ops.sparse_building import sparse_mask, sparse_merge, sparse_placeholder, sparse_to_indicator
from teachtf.ops.sparse_math import (
    sparse_add,
    sparse_maximum,
    sparse_minimum,
    sparse_reduce_max,
    sparse_reduce_max_sparse,
    sparse_reduce_sum,
    sparse_reduce_sum_sparse,
    sparse_softmax,
    sparse_tensor_dense_matmul,
    sparse_tensor_to_dense,
    sparse_to_dense,
)
from teachtf.ops.special import betainc, igamma, igammac, lbeta, polygamma, zeta
from teachtf.ops.strings import (
    as_string,
    decode_base64,
    decode_raw,
    encode_base64,
    reduce_join,
    regex_replace,
    string_join,
    string_split,
    string_strip,
    string_to_number,
    substr,
)
from teachtf.ops.tensor_array import TensorArray
from teachtf.ops.tensordot import tensordot
from teachtf.ops.unique import unique, unique_with_counts
from teachtf.ops.variables import (
    assign,
    assign_add,
    assign_sub,
    count_up_to,
    is_variable_initialized,
    scatter_add,
    scatter_div,
    scatter_max,
    scatter_min,
    scatter_mul,
    scatter_sub,
    scatter_update,
)
from teachtf.ops.while_loop import while_loop
from teachtf.platform.log import get_logger
from teachtf.platform.versions import (
    COMPILER_VERSION,
    GIT_VERSION,
    GRAPH_DEF_VERSION,
    GRAPH_DEF_VERSION_MIN_CONSUMER,
    GRAPH_DEF_VERSION_MIN_PRODUCER,
    VERSION,
    control_flow_v2_enabled,
    disable_control_flow_v2,
    disable_eager_execution,
    disable_resource_variables,
    disable_tensor_equality,
    disable_v2_behavior,
    disable_v2_tensorshape,
    enable_control_flow_v2,
    enable_eager_execution,
    enable_resource_variables,
    enable_tensor_equality,
    enable_v2_behavior,
    enable_v2_tensorshape,
    executing_eagerly,
    executing_eagerly_outside_functions,
    resource_variables_enabled,
)
from teachtf.runtime.session import InteractiveSession, Session
from teachtf.state.collections import (
    all_variables,
    assert_variables_initialized,
    global_variables,
    global_variables_initializer,
    initialize_all_tables,
    initialize_all_variables,
    initialize_local_variables,
    initialize_variables,
    local_variables,
    local_variables_initializer,
    model_variables,
    moving_average_variables,
    report_uninitialized_variables,
    tables_initializer,
    trainable_variables,
    variables_initializer,
)
from teachtf.state.custom_gradient import custom_gradient, grad_pass_through
from teachtf.state.functional import foldl, foldr, map_fn, scan
from teachtf.state.initializers import Constant as constant_initializer
from teachtf.state.initializers import GlorotNormal as glorot_normal_initializer
from teachtf.state.initializers import GlorotUniform as glorot_uniform_initializer
from teachtf.state.initializers import Ones as ones_initializer
from teachtf.state.initializers import Orthogonal as orthogonal_initializer
from teachtf.state.initializers import RandomNormal as random_normal_initializer
from teachtf.state.initializers import RandomUniform as random_uniform_initializer
from teachtf.state.initializers import TruncatedNormal as truncated_normal_initializer
from teachtf.state.initializers import UniformUnitScaling as uniform_unit_scaling_initializer
from teachtf.state.initializers import VarianceScaling as variance_scaling_initializer
from teachtf.state.initializers import Zeros as zeros_initializer
from teachtf.state.modes import VariableAggregation, VariableSynchronization
from teachtf.state.partitioners import (
    create_partitioned_variables,
    fixed_size_partitioner,
    min_max_variable_partitioner,
    variable_axis_size_partitioner,
)
from teachtf.state.scopes import (
    get_local_variable,
    get_variable,
    get_variable_scope,
    init_scope,
    no_regularizer,
    variable_creator_scope,
    variable_op_scope,
    variable_scope,
)
from teachtf.state.templates import make_template
from teachtf.state.variable_scope import AUTO_REUSE, VariableScope
from teachtf.state.variables import Variable

__version__ = "0.1.0"
newaxis = None
_shorten_in_notebooks()

# Old names that programs still use.
neg = negative
mul = multiply
sub = subtract
pack = stack
unpack = unstack
mod = floormod
arg_max, arg_min = argmax, argmin
lin_space = linspace
no_gradient = NoGradient
reverse_v2 = reverse
tensor_scatter_nd_update = tensor_scatter_update
tensor_scatter_nd_add, tensor_scatter_nd_sub = tensor_scatter_add, tensor_scatter_sub

# Protos of the configuration, made available when first asked for: their import is slow.
_PROTOS = {
    "ConfigProto": "config_pb2",
    "GPUOptions": "config_pb2",
    "OptimizerOptions": "config_pb2",
    "GraphOptions": "config_pb2",
    "RunOptions": "config_pb2",
    "RunMetadata": "config_pb2",
    "GraphDef": "graph_pb2",
    "NodeDef": "node_def_pb2",
    "AttrValue": "attr_value_pb2",
    "NameAttrList": "attr_value_pb2",
    "MetaGraphDef": "meta_graph_pb2",
    "TensorInfo": "meta_graph_pb2",
    "Summary": "summary_pb2",
    "Event": "event_pb2",
    "LogMessage": "event_pb2",
    "SessionLog": "event_pb2",
    "HistogramProto": "histogram_pb2",
    "SummaryMetadata": "summary_pb2",
}


# Namespaces that few programs use, imported when first asked for.
_NAMESPACES = {
    "app": "teachtf.app",
    "bitwise": "teachtf.bitwise",
    "compat": "teachtf.compat",
    "contrib": "teachtf.contrib",
    "dtypes": "teachtf.dtypes",
    "flags": "absl.flags",
    "gfile": "teachtf.gfile",
    "debugging": "teachtf.debugging",
    "image": "teachtf.image",
    "graph_util": "teachtf.graph_util",
    "layers": "teachtf.layers",
    "linalg": "teachtf.linalg",
    "logging": "teachtf.logging",
    "losses": "teachtf.losses",
    "math": "teachtf.math",
    "metrics": "teachtf.metrics",
    "python_io": "teachtf.python_io",
    "random": "teachtf.random",
    "sparse": "teachtf.sparse",
    "strings": "teachtf.strings",
    "summary": "teachtf.summary",
    "test": "teachtf.test",
    "version": "teachtf.version",
}


def __getattr__(name: str) -> Any:
    namespace = _NAMESPACES.get(name)
    if namespace is not None:
        from importlib import import_module

        return import_module(namespace)
    module = _PROTOS.get(name)
    if module is not None:
        from importlib import import_module

        return getattr(import_module(f"tensorboard.compat.proto.{module}"), name)
    raise AttributeError(f"module 'teachtf' has no attribute '{name}'.{errors.did_you_mean(name, globals())}")


def __dir__() -> list[str]:
    return sorted({*(n for n in globals() if not n.startswith("_")), *_PROTOS, *_NAMESPACES, "__version__"})


__all__ = [n for n in __dir__() if n not in ("Any", "annotations")]
