"""Array operations: masks, diagonals, scatters and gathers by index, blocks, sorts, counts; with gradients and vague shapes."""

from __future__ import annotations

from functools import partial

import numpy as np
import programs_ops
from harness import Programs, describe_graph, error, static
from programs_ops import ints, ramp

programs = Programs()
case = partial(programs_ops.case, into=programs)

# --- masks -----------------------------------------------------------------------------------------------------------

ROWS = np.array([True, False, True])
case("boolean_mask", lambda tf, x: tf.boolean_mask(x, ROWS), ramp(3, 4))
case("boolean_mask_fed", lambda tf, x, m: tf.boolean_mask(x, m), ramp(3, 4), ramp(3, 4) > 0, vague=False)
case("boolean_mask_axis", lambda tf, x: tf.boolean_mask(x, ROWS, axis=1), ramp(2, 3, 2))
case("boolean_mask_ints", lambda tf, x, m: tf.boolean_mask(x, m, name="chosen"), ints(4), np.array([False] * 4), vague=False)
case(
    "sequence_mask", lambda tf, n: [tf.sequence_mask(n), tf.sequence_mask(n, 4), tf.sequence_mask(n, dtype=tf.float32)], ints(5)
)
case("sequence_mask_of_many", lambda tf, n: tf.sequence_mask(n, 3, tf.int32, name="m"), ints(2, 2, high=5))


@programs
def boolean_mask_refused(tf):
    x = tf.placeholder(tf.float32, [3, 4])
    return [
        error(tf, lambda: tf.boolean_mask(x, True), "mask cannot be scalar."),
        error(tf, lambda: tf.boolean_mask(x, tf.placeholder(tf.bool)), "Number of mask dimensions must be specified"),
        error(tf, lambda: tf.boolean_mask(x, [True, False])),
        error(tf, lambda: tf.boolean_mask(x, ROWS, axis=1)),
        error(tf, lambda: tf.sequence_mask([1], [3])),
    ]


# --- diagonals -------------------------------------------------------------------------------------------------------

case("diag_of_a_matrix", lambda tf, x: tf.diag(x), ramp(2, 3))
case("diag_part_of_rank_4", lambda tf, x: tf.diag_part(x), ramp(2, 3, 2, 3))
case("tensor_diag", lambda tf, x: [tf.linalg.tensor_diag(x), tf.linalg.tensor_diag_part(tf.linalg.tensor_diag(x))], ramp(2))
case("matrix_diag", lambda tf, x: tf.matrix_diag(x), ramp(2, 3))
case("matrix_diag_named", lambda tf, x: tf.matrix_diag(x, name="d", k=1), ramp(3), vague=False)
case("matrix_diag_wide", lambda tf, x: tf.matrix_diag(x, k=-1, num_rows=3, num_cols=5, padding_value=7), ramp(2), vague=False)
for _align in ("RIGHT_LEFT", "LEFT_RIGHT", "LEFT_LEFT", "RIGHT_RIGHT"):
    case(
        f"matrix_diag_band_{_align}", lambda tf, x, a=_align: tf.matrix_diag(x, k=(-1, 1), align=a), ramp(2, 3, 4), vague=False
    )
    case(f"matrix_diag_part_band_{_align}", lambda tf, x, a=_align: tf.matrix_diag_part(x, k=(-1, 2), align=a), ramp(2, 3, 4))
    _band = ramp(3, 4, 4), ramp(3, 2, 4)
    case(
        f"matrix_set_diag_band_{_align}",
        lambda tf, x, d, a=_align: tf.matrix_set_diag(x, d, k=(-1, 0), align=a),
        *_band,
        vague=False,
    )
case("matrix_diag_ints", lambda tf, x: tf.matrix_diag(x, padding_value=3), ints(2, 2))
case("matrix_diag_bools", lambda tf, x: tf.matrix_diag(x), np.array([True, False]))
case("matrix_diag_part", lambda tf, x: tf.matrix_diag_part(x), ramp(2, 3, 4))
case("matrix_diag_part_padded", lambda tf, x: tf.matrix_diag_part(x, k=(0, 1), padding_value=9), ramp(3, 3))
case("matrix_set_diag", lambda tf, x, d: tf.matrix_set_diag(x, d), ramp(2, 3, 4), ramp(2, 3))
case("matrix_set_diag_above", lambda tf, x, d: tf.matrix_set_diag(x, d, k=2, name="s"), ramp(3, 4), ramp(2))
case("matrix_band_part", lambda tf, x: [tf.matrix_band_part(x, 0, -1), tf.matrix_band_part(x, 1, 0)], ramp(2, 3, 4))
case("matrix_transpose", lambda tf, x: tf.matrix_transpose(x), ramp(2, 3, 4))
case("matrix_transpose_complex", lambda tf, x: tf.matrix_transpose(x, conjugate=True), programs_ops.Z, gradient=False)
case("linalg_diag", lambda tf, x: [tf.linalg.diag(x), tf.linalg.band_part(tf.linalg.diag(x), 0, 0)], ramp(3))
case(
    "eye_forms",
    lambda tf: [
        tf.eye(2, 3),
        tf.eye(3, 2, dtype=tf.int32, name="I"),
        tf.eye(2, batch_shape=[2]),
        tf.eye(2, 2),
        tf.eye(0),
        tf.eye(2, 3, batch_shape=[2]),
    ],
    vague=False,
)


@programs
def eye_of_tensors(tf):
    n = tf.placeholder(tf.int32, [])
    made = [tf.eye(n), tf.eye(n, 3), tf.eye(2, batch_shape=tf.constant([2])), tf.eye(2, n, batch_shape=tf.constant([1]))]
    facts = {"static": static(*made), "graph": describe_graph(tf)}
    with tf.Session() as sess:
        facts["values"] = sess.run(made, {n: 2})
    return facts


@programs
def diagonals_refused(tf):
    x = tf.placeholder(tf.float32, [3, 4])
    scalar = tf.placeholder(tf.float32, [])
    return [
        error(tf, lambda: tf.diag(scalar)),
        error(tf, lambda: tf.diag_part(x)),
        error(tf, lambda: tf.diag_part(tf.zeros([3]))),
        error(tf, lambda: tf.matrix_diag(scalar)),
        error(tf, lambda: tf.matrix_diag(x, k=[1, 0])),
        error(tf, lambda: tf.matrix_diag(x, k=[0, 1])),
        error(tf, lambda: tf.matrix_diag(x, num_rows=2)),
        error(tf, lambda: tf.matrix_diag(x, num_rows=6, num_cols=7)),
        error(tf, lambda: tf.matrix_diag(x, align="TOP")),
        error(tf, lambda: tf.matrix_diag_part(x, k=4)),
        error(tf, lambda: tf.matrix_diag_part(x, k=-3)),
        error(tf, lambda: tf.matrix_diag_part(tf.zeros([3]))),
        error(tf, lambda: tf.matrix_set_diag(x, tf.zeros([4]))),
        error(tf, lambda: tf.matrix_set_diag(x, tf.zeros([3, 3]))),
        error(tf, lambda: tf.matrix_set_diag(x, tf.zeros([3]), k=9)),
        error(tf, lambda: tf.matrix_transpose(tf.zeros([3]))),
        error(tf, lambda: tf.eye(2.5)),
        error(tf, lambda: tf.diag(tf.constant([True]))),
    ]


# --- slices by index tuples ------------------------------------------------------------------------------------------

PAIRS = np.int32([[0, 1], [2, 3], [0, 1]])
case("gather_nd", lambda tf, x: tf.gather_nd(x, PAIRS), ramp(3, 4))
case("gather_nd_rows", lambda tf, x: tf.gather_nd(x, [[2], [0]], name="g"), ramp(3, 4))
case("gather_nd_of_gather", lambda tf, x: tf.gather_nd(2.0 * x, [[[2], [0]]]), ramp(3, 4))
case("gather_nd_batches", lambda tf, x: tf.gather_nd(x, [[[1], [0]], [[2], [2]]], batch_dims=1), ramp(2, 3, 2), vague=False)
case("gather_nd_deep_batches", lambda tf, x: tf.gather_nd(x, [[[1], [0]]], batch_dims=2), ramp(1, 2, 2), vague=False)
case("scatter_nd", lambda tf, u: tf.scatter_nd(PAIRS, u, [3, 4]), ramp(3))
case("scatter_nd_rows", lambda tf, u: tf.scatter_nd([[2], [0]], u, tf.constant([4, 3])), ramp(2, 3))
case("scatter_nd_ints", lambda tf, i, u: tf.scatter_nd(i, u, [5]), np.int32([[1], [3]]), ints(2))
for _name in ("update", "add", "sub", "min", "max"):
    _name = f"tensor_scatter_nd_{_name}"
    case(_name, lambda tf, x, u, name=_name: getattr(tf, name)(x, [[2], [0]], u), ramp(3, 4), ramp(2, 4))
    case(f"{_name}_ints", lambda tf, x, u, name=_name: getattr(tf, name)(x, [[0], [2]], u), ints(3, 4), ints(2, 4))
case(
    "tensor_scatter_old_names",
    lambda tf, x: tf.tensor_scatter_update(tf.tensor_scatter_add(x, [[0, 1], [2, 2], [0, 1]], x[0]), [[0]], x[1:2]),
    ramp(3, 3),
)
case("batch_gather", lambda tf, x: tf.batch_gather(x, [[2, 0], [1, 1]]), ramp(2, 3), vague=False)
case("batch_gather_deep", lambda tf, x: tf.batch_gather(x, [[[2, 0]], [[1, 1]]]), ramp(2, 1, 3, 2), vague=False)
case("meshgrid", lambda tf, x, y: tf.meshgrid(x, y), ramp(3), ramp(2))
case("meshgrid_ij", lambda tf, x, y: tf.meshgrid(x, y, [1.0, 2.0], indexing="ij", name="grid"), ramp(3), ramp(2))
case("meshgrid_scalar", lambda tf, x: tf.meshgrid(x, 3.0), ramp(3))
case("top_k_of_matrix", lambda tf, x: tf.nn.top_k(x, 2)[0], ramp(3, 4))


@programs
def index_tuples_refused(tf):
    x = tf.placeholder(tf.float32, [3, 4])
    far = tf.placeholder(tf.int32)
    with tf.Session() as sess:
        return [
            error(tf, lambda: tf.gather_nd(x, tf.zeros([2, 3], tf.int32))),
            error(tf, lambda: tf.gather_nd(x, 1)),
            error(tf, lambda: tf.gather_nd(x, [0.5])),
            error(tf, lambda: tf.gather_nd(x, [[0], [1]], batch_dims=2)),
            error(tf, lambda: tf.gather_nd(x, [[0], [1]], batch_dims=-1)),
            error(tf, lambda: tf.scatter_nd([[0], [1]], [1.0, 2.0, 3.0], [4])),
            error(tf, lambda: tf.scatter_nd([[0], [1]], [1.0, 2.0], [4, 2])),
            error(tf, lambda: tf.scatter_nd([[0], [1]], [1.0, 2.0], [0])),
            error(tf, lambda: tf.scatter_nd([[0]], [1.0], 4)),
            error(tf, lambda: tf.tensor_scatter_update(x, [[0]], [[1.0]])),
            error(tf, lambda: tf.tensor_scatter_add(x, [[0]], [1])),
            error(tf, lambda: tf.tensor_scatter_add(1.0, [[0]], [1.0])),
            error(tf, lambda: tf.batch_gather(x, 1)),
            error(tf, lambda: tf.batch_gather(x, tf.zeros([3, 1, 1], tf.int32))),
            error(tf, lambda: tf.batch_gather(x, far)),
            error(tf, lambda: tf.meshgrid([1], indexing="yx")),
            error(tf, lambda: tf.meshgrid([1], index="ij")),
            error(tf, lambda: sess.run(tf.gather_nd([1, 2], far), {far: [[2]]})),
            error(tf, lambda: sess.run(tf.scatter_nd(far, [1, 2], [2]), {far: [[0], [2]]})),
            error(tf, lambda: sess.run(tf.scatter_nd(far, [1, 2], [2]), {far: [[0]]})),
            error(tf, lambda: sess.run(tf.tensor_scatter_update([1, 2], far, [2]), {far: [[-1]]})),
        ]


# --- blocks ----------------------------------------------------------------------------------------------------------

IMAGES = ramp(2, 4, 6, 3)
case("space_to_depth", lambda tf, x: tf.space_to_depth(x, 2), IMAGES)
case("depth_to_space", lambda tf, x: tf.depth_to_space(x, 2, name="d"), ramp(2, 2, 3, 8))
case("depth_to_space_ints", lambda tf, x: tf.nn.depth_to_space(x, 2), ints(1, 2, 1, 4))
case("space_to_batch", lambda tf, x: tf.space_to_batch(x, [[0, 0], [1, 1]], 2), IMAGES)
case("batch_to_space", lambda tf, x: tf.batch_to_space(x, [[0, 1], [2, 0]], block_size=2), ramp(8, 2, 3, 2))
case("space_to_batch_nd", lambda tf, x: tf.space_to_batch_nd(x, [2], [[1, 1]], name="s"), ramp(2, 4, 3))
case("space_to_batch_nd_of_3", lambda tf, x: tf.space_to_batch_nd(x, [2, 1, 3], [[0, 0], [0, 2], [1, 0]]), ramp(1, 2, 2, 5))
case("batch_to_space_nd", lambda tf, x: tf.batch_to_space_nd(x, [2, 3], [[1, 0], [0, 1]]), ramp(6, 2, 1, 2))
case(
    "space_to_batch_fed",
    lambda tf, x, b, p: tf.space_to_batch_nd(x, b, p),
    IMAGES,
    np.int32([2, 1]),
    np.int32([[0, 0], [1, 0]]),
    vague=False,
)
case(
    "batch_to_space_fed",
    lambda tf, x, b, p: tf.batch_to_space_nd(x, b, p),
    IMAGES,
    np.int32([2, 1]),
    np.int32([[0, 0], [1, 0]]),
    vague=False,
)
case("required_paddings", lambda tf: tf.required_space_to_batch_paddings([5, 7], [2, 3]), vague=False)
_sizes = np.int32([5, 7])
case(
    "required_paddings_fed", lambda tf, n: tf.required_space_to_batch_paddings(n, [2, 3], [[1, 0], [0, 2]]), _sizes, vague=False
)


@programs
def blocks_refused(tf):
    x = tf.placeholder(tf.float32, [2, 4, 6, 3])
    return [
        error(tf, lambda: tf.space_to_depth(x, 4)),
        error(tf, lambda: tf.space_to_depth(x, 1)),
        error(tf, lambda: tf.space_to_depth(tf.zeros([2, 2]), 2)),
        error(tf, lambda: tf.depth_to_space(x, 2)),
        error(tf, lambda: tf.depth_to_space(x, 2, data_format="HWCN")),
        error(tf, lambda: tf.space_to_batch(x, [[0, 0], [0, 1]], 2)),
        error(tf, lambda: tf.space_to_batch_nd(x, [0], [[0, 0]])),
        error(tf, lambda: tf.space_to_batch_nd(x, [2], [[-2, 0]])),
        error(tf, lambda: tf.space_to_batch_nd(x, [2, 2], [[0, 0]])),
        error(tf, lambda: tf.space_to_batch_nd(x, 2, [[0, 0]])),
        error(tf, lambda: tf.batch_to_space_nd(x, [3], [[0, 0]])),
        error(tf, lambda: tf.batch_to_space_nd(x, [2], [[9, 0]])),
        error(tf, lambda: tf.space_to_batch_nd(tf.zeros([2]), [1], [[0, 0]])),
        error(tf, lambda: tf.required_space_to_batch_paddings([1], [[1]])),
    ]


# --- sorts and searches ----------------------------------------------------------------------------------------------

case("sort", lambda tf, x: [tf.sort(x), tf.sort(x, axis=0, direction="DESCENDING", name="down")], ramp(3, 4), vague=False)
case("sort_middle_axis", lambda tf, x: [tf.sort(x, 1), tf.sort(x, -2)], ramp(2, 3, 4), vague=False)
case("sort_ints", lambda tf, x: [tf.sort(x), tf.sort(tf.cast(x, tf.uint8))], ints(7), vague=False)
case("argsort", lambda tf, x: [tf.argsort(x), tf.argsort(x, axis=0, direction="DESCENDING")], ramp(3, 4), vague=False)
case("argsort_equals", lambda tf, x: tf.argsort(x, stable=True), np.int32([2, 1, 2, 1, 0]))


@programs
def sort_of_unknown_rank(tf):
    x = tf.placeholder(tf.float32)
    made = [tf.sort(x), tf.sort(x, axis=0), tf.argsort(x, axis=1, direction="DESCENDING")]
    with tf.Session() as sess:
        return [static(*made), sess.run(made, {x: ramp(2, 3, 4)})]


SORTED = np.float32([[1, 3, 3, 5], [0, 2, 4, 6]])
_wanted = np.float32([[3, 0, 6], [4, 7, -1]])
case(
    "searchsorted",
    lambda tf, s, v: [tf.searchsorted(s, v), tf.searchsorted(s, v, side="right", out_type=tf.int64)],
    SORTED,
    _wanted,
)
case("searchsorted_vector", lambda tf, s: tf.searchsorted(s, [3.0, 9.0], name="s"), SORTED[0])
case("roll", lambda tf, x: [tf.roll(x, 1, 0), tf.roll(x, [2, -1], [1, 0], name="r")], ramp(3, 4))
case("unravel_index", lambda tf, i: [tf.unravel_index(i, [3, 3]), tf.unravel_index(4, [3, 3])], ints(4))
case("reverse_sequence", lambda tf, x, n: tf.reverse_sequence(x, n, seq_axis=1), ramp(3, 4, 2), ints(3, high=4))
case("reverse_sequence_dims", lambda tf, x: tf.reverse_sequence(x, [1, 2], seq_dim=0, batch_dim=1, name="q"), ramp(3, 2))
case("reverse_v2", lambda tf, x: [tf.reverse_v2(x, [0]), tf.reverse(x, [-1, 0])], ramp(3, 2))
case("repeat", lambda tf, x: [tf.repeat(x, 2), tf.repeat(x, 3, axis=1, name="three")], ramp(2, 3), vague=False)
case("repeat_each", lambda tf, x: [tf.repeat(x, [1, 2], axis=0), tf.repeat(x, [0, 2, 1], axis=-1)], ramp(2, 3), vague=False)
case("repeat_fed", lambda tf, x, n: tf.repeat(x, n, axis=1), ramp(2, 3), np.int32([1, 0, 2]), vague=False)
case("repeat_scalar", lambda tf, x: tf.repeat(x, 3), np.float32(2), vague=False)


@programs
def sorts_refused(tf):
    x = tf.placeholder(tf.float32, [3, 4])
    far = tf.placeholder(tf.int32)
    with tf.Session() as sess:
        return [
            error(tf, lambda: tf.sort(x, direction="UP")),
            error(tf, lambda: tf.sort(x, axis=tf.placeholder(tf.int32, []))),
            error(tf, lambda: tf.sort(x, axis=[0])),
            error(tf, lambda: tf.sort(x, axis=2)),
            error(tf, lambda: tf.sort(1.0)),
            error(tf, lambda: tf.searchsorted(x, x, side="middle")),
            error(tf, lambda: tf.roll(1.0, 1, 0)),
            error(tf, lambda: tf.roll(x, [[1]], 0)),
            error(tf, lambda: tf.roll(x, 1.0, 0)),
            error(tf, lambda: tf.unravel_index([1], 3)),
            error(tf, lambda: tf.reverse_sequence(x, [1, 2], seq_axis=1)),
            error(tf, lambda: tf.reverse_sequence(x, [1, 2, 3], seq_axis=2)),
            error(tf, lambda: tf.reverse_sequence(x, [1, 2, 3], seq_axis=1, seq_dim=1)),
            error(tf, lambda: tf.repeat(x, 1.5)),
            error(tf, lambda: tf.repeat(x, [1, 2], axis=0)),
            error(tf, lambda: tf.repeat(x, 2, axis=2)),
            error(tf, lambda: tf.repeat(x, 2, axis="0")),
            error(tf, lambda: sess.run(tf.unravel_index(far, [2, 2]), {far: [4]})),
            error(tf, lambda: sess.run(tf.roll([1, 2], 1, far), {far: 1})),
            error(tf, lambda: sess.run(tf.reverse_sequence([[1, 2]], far, seq_axis=1), {far: [3]})),
        ]


# --- counts ----------------------------------------------------------------------------------------------------------

case(
    "count_nonzero",
    lambda tf, x: [tf.count_nonzero(x), tf.count_nonzero(x, 0), tf.count_nonzero(x, [1], True)],
    ints(3, 4, high=3),
)
case("count_nonzero_bools", lambda tf, x: tf.count_nonzero(x, axis=-1, dtype=tf.int32, name="n"), ramp(3, 4) > 0)
case("count_nonzero_strings", lambda tf: tf.count_nonzero(["", "a", ""]), vague=False)
case("bincount", lambda tf, x: [tf.bincount(x), tf.bincount(x, minlength=12), tf.bincount(x, maxlength=3)], ints(8))
case("bincount_weights", lambda tf, x, w: tf.bincount(x, w), ints(2, 4), ramp(2, 4), gradient=False)
case("histogram", lambda tf, x: tf.histogram_fixed_width(x, [-1.0, 1.0], nbins=4, name="h"), ramp(10), gradient=False)
case("histogram_bins", lambda tf, x: tf.histogram_fixed_width_bins(x, [-1.0, 1.0], nbins=4), ramp(10), gradient=False)
_labels, _guesses = ints(7, high=4), ints(7, high=4)[::-1].copy()
case("confusion_matrix", lambda tf, a, b: tf.confusion_matrix(a, b), _labels, _guesses, vague=False)
case("confusion_of_classes", lambda tf, a, b: tf.confusion_matrix(a, b, 5, tf.int64, name="c"), _labels, _guesses, vague=False)
case(
    "confusion_weighted",
    lambda tf, a, b, w: tf.confusion_matrix(a, b, weights=w, dtype=tf.float32),
    *(_labels, _guesses, ramp(7)),
    gradient=False,
    vague=False,
)
case("setdiff1d", lambda tf, x: tf.setdiff1d(x, [2, 4], index_dtype=tf.int64), ints(8))
case("unique", lambda tf, x: [*tf.unique(x), *tf.unique_with_counts(x, out_idx=tf.int64)], ints(8), vague=False)
case("parallel_stack", lambda tf, x, y: tf.parallel_stack([x, y]), ramp(2, 3), ramp(2, 3), gradient=False, vague=False)
case("shape_n", lambda tf, x, y: tf.shape_n([x, y]), ramp(2, 3), ramp(4))
case("where_v2", lambda tf, x: [tf.where_v2(x > 0, x, 0.0), tf.where_v2([True, False, True])], ramp(2, 3))
case("where_of_numbers", lambda tf, x: [tf.where(x), tf.where(tf.constant([0.0, 2.0]))], ints(2, 3, high=2))
case("dynamic_stitch", lambda tf, x, y: tf.dynamic_stitch([[3, 0], [1]], [x, y]), ramp(2, 2), ramp(1, 2))
case("dynamic_stitch_fed", lambda tf, i, x: tf.dynamic_stitch([i, 2], [x, [1.0, 2.0]]), np.int32([[0, 1]]), ramp(1, 2, 2))
_patch = {"ksizes": [1, 2, 2, 1], "strides": [1, 1, 2, 1], "rates": [1, 1, 1, 1], "padding": "SAME"}
case("image_patches", lambda tf, x: tf.extract_image_patches(x, **_patch), ramp(2, 3, 4, 2))
_patch = {"sizes": [1, 2, 2, 1], "strides": [1, 1, 1, 1], "rates": [1, 2, 2, 1], "padding": "VALID"}
case("image_patches_apart", lambda tf, x: tf.extract_image_patches(x, **_patch, name="p"), ramp(1, 4, 4, 1))
case(
    "second_of_activations",
    lambda tf, x: [tf.gradients(f(x), x)[0] for f in (tf.nn.elu, tf.nn.selu, tf.nn.relu6, tf.nn.leaky_relu)],
    ramp(6),
)


@programs
def lin_space(tf):
    n = tf.placeholder(tf.int32, [])
    made = [
        tf.lin_space(0.0, 1.0, 5),
        tf.linspace(2.0, -2.0, n),
        tf.linspace(3.0, 4.0, 1),
        tf.linspace(tf.constant(1.0), 2.0, 2),
    ]
    with tf.Session() as sess:
        return [static(*made)[:1], sess.run(made, {n: 3})]


@programs
def broadcast_shapes(tf):
    pairs = [([2, 1], [3]), ([None, 1], [4]), (None, [3]), ([], [2]), ([None], [1]), ([None], [3]), ([0], [1])]
    with tf.Session() as sess:
        return [
            [tf.broadcast_static_shape(tf.TensorShape(a), tf.TensorShape(b)) for a, b in pairs],
            sess.run(tf.broadcast_dynamic_shape([2, 1], tf.constant([3]))),
            static(tf.broadcast_dynamic_shape([2, 1], tf.placeholder(tf.int32, [3]))),
            static(tf.broadcast_dynamic_shape(tf.placeholder(tf.int64), tf.placeholder(tf.int64, [3]))),
            error(tf, lambda: tf.broadcast_static_shape(tf.TensorShape([2]), tf.TensorShape([3]))),
            error(tf, lambda: sess.run(tf.broadcast_dynamic_shape([2], [3]))),
            error(tf, lambda: tf.broadcast_dynamic_shape(2, [3])),
        ]


@programs
def edit_distances(tf):
    def words(*texts):
        places = [(i, j) for i, text in enumerate(texts) for j in range(len(text))]
        letters = [c for text in texts for c in text]
        width = max(len(t) for t in texts)
        indices = tf.constant(np.array(places, np.int64).reshape(-1, 2))
        return tf.SparseTensor(indices, tf.constant(letters, tf.string), tf.constant([len(texts), width], tf.int64))

    guess, truth = words("kitten", "ab", "", "same"), words("sitting", "", "abc", "same")
    made = [tf.edit_distance(guess, truth), tf.edit_distance(guess, truth, normalize=False, name="d")]
    facts = {"static": static(*made), "graph": describe_graph(tf), "refused": error(tf, lambda: tf.edit_distance([1], truth))}
    with tf.Session() as sess:
        facts["values"] = sess.run(made)
    return facts


@programs
def counts_refused(tf):
    x = tf.placeholder(tf.float32, [3, 4])
    far = tf.placeholder(tf.int32)
    with tf.Session() as sess:
        return [
            error(tf, lambda: tf.histogram_fixed_width(x, [0.0, 1.0], nbins=0)),
            error(tf, lambda: tf.histogram_fixed_width(x, [0.0], nbins=3)),
            error(tf, lambda: tf.histogram_fixed_width(x, 1.0)),
            error(tf, lambda: sess.run(tf.histogram_fixed_width([1.0], [1.0, 0.0]))),
            error(tf, lambda: sess.run(tf.bincount(far), {far: [-1, 2]})),
            error(tf, lambda: tf.where_v2([True], 1)),
            error(tf, lambda: tf.where([True], None, 1)),
            error(tf, lambda: tf.dynamic_stitch([[0, 1]], [[1.0], [2.0]])),
            error(tf, lambda: tf.dynamic_stitch([[0, 1]], [[1.0, 2.0, 3.0]])),
            error(tf, lambda: tf.dynamic_stitch([[0.5]], [[1.0]])),
            error(tf, lambda: tf.parallel_stack([x, tf.zeros([4, 3])])),
            error(tf, lambda: tf.parallel_stack([tf.placeholder(tf.float32, [None])])),
            error(tf, lambda: tf.extract_image_patches(x, [1, 2, 2, 1], [1] * 4, [1] * 4, "SAME")),
            error(tf, lambda: tf.extract_image_patches(tf.zeros([1, 1, 1, 1]), [1, 2, 2, 1], [1] * 4, [1] * 4, "VALID")),
            error(tf, lambda: tf.extract_image_patches(tf.zeros([1, 1, 1, 1]), [1, 4, 4, 1], [1] * 4, [1] * 4, "VALID")),
        ]
