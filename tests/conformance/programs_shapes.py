"""Static shapes: every operation of arrays, reductions and networks, given shapes of which little or nothing is known."""

from __future__ import annotations

import itertools

from harness import Programs, error, static

programs = Programs()
# What is known of a placeholder: every dimension, some, none of them, or not even how many there are.
VECTORS = [[3], [None], None]
MATRICES = [[2, 3], [None, 3], [2, None], [None, None], None]
CUBES = [[2, 3, 4], [None, 3, 4], [2, None, 4], [2, 3, None], [None, None, None], None]
IMAGES = [[2, 8, 8, 4], [None, 8, 8, 4], [2, None, 8, 4], [2, 8, 8, None], [None, None, None, 4], [None] * 4, None, [8, 8, 4]]


def shape_facts(tf, build):
    """The static shapes of what `build` gives, or the class of its error."""
    made = []
    facts = error(tf, lambda: made.append(build()))
    if facts["class"] is not None:
        return facts["class"]
    tensors = made[0] if isinstance(made[0], (list, tuple)) else [made[0]]
    return static(*[t for t in tensors if t is not None])


def sweep(name, build, *shape_lists, dtypes=None, pairwise=False):
    """Add a program: `build(tf, *placeholders)` for every choice of a shape for each, or the first with the first and so on."""
    choices = list(zip(*shape_lists, strict=True) if pairwise else itertools.product(*shape_lists))

    def program(tf):
        kinds = [getattr(tf, d) for d in dtypes or ["float32"] * len(shape_lists)]
        facts = {}
        for shapes in choices:
            with tf.Graph().as_default():
                tensors = [tf.placeholder(kind, shape) for kind, shape in zip(kinds, shapes, strict=True)]
                facts[str(shapes)] = shape_facts(tf, lambda tensors=tensors: build(tf, *tensors))
        return facts

    programs.add(name, program)


# --- one input -------------------------------------------------------------------------------------------------------

ONE = {
    "squeeze": lambda tf, x: tf.squeeze(x),
    "squeeze_axis": lambda tf, x: tf.squeeze(x, [0]),
    "squeeze_last": lambda tf, x: tf.squeeze(x, [-1]),
    "expand_first": lambda tf, x: tf.expand_dims(x, 0),
    "expand_last": lambda tf, x: tf.expand_dims(x, -1),
    "expand_beyond": lambda tf, x: tf.expand_dims(x, 4),
    "expand_fed": lambda tf, x: tf.expand_dims(x, tf.placeholder(tf.int32, [])),
    "reshape_flat": lambda tf, x: tf.reshape(x, [-1]),
    "reshape_rows": lambda tf, x: tf.reshape(x, [-1, 3]),
    "reshape_two_holes": lambda tf, x: tf.reshape(x, tf.stack([-1, tf.placeholder(tf.int32, [])])),
    "reshape_fed": lambda tf, x: tf.reshape(x, tf.placeholder(tf.int32, [2])),
    "reshape_unknown": lambda tf, x: tf.reshape(x, tf.placeholder(tf.int32)),
    "reshape_empty": lambda tf, x: tf.reshape(x, [0, -1]),
    "reshape_like_itself": lambda tf, x: tf.reshape(x, tf.shape(x)),
    "reshape_batch": lambda tf, x: tf.reshape(x, [tf.shape(x)[0], -1]),
    "reshape_concat": lambda tf, x: tf.reshape(x, tf.concat([tf.shape(x)[:1], [-1]], 0)),
    "reshape_product": lambda tf, x: tf.reshape(x, [tf.shape(x)[0] * 2, -1]),
    "transpose": lambda tf, x: tf.transpose(x),
    "transpose_given": lambda tf, x: tf.transpose(x, [1, 0, 2]),
    "transpose_fed": lambda tf, x: tf.transpose(x, tf.placeholder(tf.int32, [3])),
    "transpose_unknown": lambda tf, x: tf.transpose(x, tf.placeholder(tf.int32)),
    "transpose_twice": lambda tf, x: tf.transpose(x, [0, 0, 1]),
    "tile": lambda tf, x: tf.tile(x, [1, 2, 3]),
    "tile_fed": lambda tf, x: tf.tile(x, tf.placeholder(tf.int32, [3])),
    "tile_partly": lambda tf, x: tf.tile(x, tf.stack([2, tf.placeholder(tf.int32, []), 1])),
    "tile_unknown": lambda tf, x: tf.tile(x, tf.placeholder(tf.int32)),
    "pad": lambda tf, x: tf.pad(x, [[1, 1], [0, 2], [0, 0]]),
    "pad_fed": lambda tf, x: tf.pad(x, tf.placeholder(tf.int32, [3, 2])),
    "pad_partly": lambda tf, x: tf.pad(x, [[0, 1], [tf.placeholder(tf.int32, []), 0], [1, 1]]),
    "pad_unknown": lambda tf, x: tf.pad(x, tf.placeholder(tf.int32)),
    "pad_negative": lambda tf, x: tf.pad(x, [[-1, 0], [0, 0], [0, 0]]),
    "pad_value": lambda tf, x: tf.pad(x, [[1, 1], [0, 2], [0, 0]], constant_values=3.0),
    "mirror_pad": lambda tf, x: tf.pad(x, [[1, 1], [0, 2], [0, 0]], mode="SYMMETRIC"),
    "reverse": lambda tf, x: tf.reverse(x, [0]),
    "reverse_beyond": lambda tf, x: tf.reverse(x, [3]),
    "reverse_twice": lambda tf, x: tf.reverse(x, [0, 0]),
    "slice": lambda tf, x: tf.slice(x, [0, 1, 0], [2, 1, -1]),
    "slice_fed_begin": lambda tf, x: tf.slice(x, tf.placeholder(tf.int32, [3]), [1, 1, -1]),
    "slice_fed_size": lambda tf, x: tf.slice(x, [0, 0, 0], tf.placeholder(tf.int32, [3])),
    "slice_unknown": lambda tf, x: tf.slice(x, tf.placeholder(tf.int32), tf.placeholder(tf.int32)),
    "slice_too_much": lambda tf, x: tf.slice(x, [0, 0, 0], [2, 9, 4]),
    "slice_partly": lambda tf, x: tf.slice(x, [0, 0, 0], tf.stack([1, tf.placeholder(tf.int32, []), -1])),
    "slice_like_itself": lambda tf, x: tf.slice(x, [0, 0, 0], tf.shape(x)),
    "index": lambda tf, x: x[0],
    "index_last": lambda tf, x: x[-1, ..., 0],
    "index_beyond": lambda tf, x: x[5],
    "index_too_many": lambda tf, x: x[0, 0, 0, 0],
    "index_range": lambda tf, x: x[:, 1:],
    "index_backwards": lambda tf, x: x[::-1, ::2],
    "index_new": lambda tf, x: x[tf.newaxis, ..., tf.newaxis],
    "index_fed": lambda tf, x: x[tf.placeholder(tf.int32, []) :, 0],
    "index_fed_end": lambda tf, x: x[: tf.placeholder(tf.int32, [])],
    "index_fed_point": lambda tf, x: x[tf.placeholder(tf.int32, [])],
    "index_of_shape": lambda tf, x: x[: tf.shape(x)[0] - 1],
    "shape": lambda tf, x: [tf.shape(x), tf.size(x), tf.rank(x)],
    "zeros_like_shape": lambda tf, x: [tf.zeros_like(x), tf.ones_like(x), tf.zeros(tf.shape(x))],
    "fill_of_shape": lambda tf, x: tf.fill(tf.concat([tf.shape(x)[:-1], [7]], 0), 1.0),
    "fill_of_arithmetic": lambda tf, x: tf.zeros(tf.stack([tf.shape(x)[0] * 2, tf.shape(x)[1] // 2, tf.rank(x)])),
    "fill_of_cast": lambda tf, x: tf.zeros(tf.cast(tf.cast(tf.shape(x), tf.int64), tf.int32)),
    "fill_of_gathered": lambda tf, x: tf.zeros(tf.gather(tf.shape(x), [1, 0])),
    "range_of_shape": lambda tf, x: [tf.range(tf.shape(x)[0]), tf.range(tf.rank(x)), tf.range(tf.size(x))],
    "unstack": lambda tf, x: tf.unstack(x),
    "unstack_last": lambda tf, x: tf.unstack(x, axis=-1),
    "unstack_number": lambda tf, x: tf.unstack(x, 2),
    "split": lambda tf, x: tf.split(x, 2),
    "split_axis": lambda tf, x: tf.split(x, 2, -1),
    "split_fed_axis": lambda tf, x: tf.split(x, 2, tf.placeholder(tf.int32, [])),
    "split_sizes": lambda tf, x: tf.split(x, [1, -1], 1),
    "split_sizes_bad": lambda tf, x: tf.split(x, [1, 1], 1),
    "split_sizes_fed": lambda tf, x: tf.split(x, tf.placeholder(tf.int32, [2]), 1),
    "split_of_parts": lambda tf, x: tf.split(x, tf.stack([1, tf.placeholder(tf.int32, [])]), 1),
    "sum": lambda tf, x: tf.reduce_sum(x),
    "sum_axis": lambda tf, x: [tf.reduce_sum(x, 1), tf.reduce_mean(x, [0, -1]), tf.reduce_max(x, [])],
    "sum_keep": lambda tf, x: [tf.reduce_sum(x, 1, keepdims=True), tf.reduce_prod(x, keepdims=True)],
    "sum_fed": lambda tf, x: [tf.reduce_sum(x, tf.placeholder(tf.int32, [])), tf.reduce_sum(x, tf.placeholder(tf.int32, [2]))],
    "sum_fed_keep": lambda tf, x: tf.reduce_sum(x, tf.placeholder(tf.int32), keepdims=True),
    "sum_beyond": lambda tf, x: tf.reduce_sum(x, 3),
    "sum_twice": lambda tf, x: tf.reduce_sum(x, [0, 0]),
    "logsumexp": lambda tf, x: [tf.reduce_logsumexp(x), tf.reduce_logsumexp(x, 1)],
    "argmax": lambda tf, x: [tf.argmax(x), tf.argmax(x, -1), tf.argmin(x, 1)],
    "argmax_fed": lambda tf, x: tf.argmax(x, tf.placeholder(tf.int32, [])),
    "argmax_beyond": lambda tf, x: tf.argmax(x, 3),
    "cumsum": lambda tf, x: tf.cumsum(x, 1),
    "cumsum_beyond": lambda tf, x: tf.cumsum(x, 5),
    "where": lambda tf, x: tf.where(x > 0),
    "one_hot": lambda tf, x: [tf.one_hot(tf.cast(x, tf.int32), 5), tf.one_hot(tf.cast(x, tf.int32), 5, axis=0)],
    "one_hot_fed": lambda tf, x: tf.one_hot(tf.cast(x, tf.int32), tf.placeholder(tf.int32, [])),
    "gather_rows": lambda tf, x: [tf.gather(x, [1, 0]), tf.gather(x, 1), tf.gather(x, [[0]], axis=1)],
    "gather_negative": lambda tf, x: tf.gather(x, [0], axis=-1),
    "gather_fed_axis": lambda tf, x: tf.gather(x, [0], axis=tf.placeholder(tf.int32, [])),
    "gather_beyond": lambda tf, x: tf.gather(x, [0], axis=3),
    "gather_nd": lambda tf, x: [tf.gather_nd(x, [[0, 1]]), tf.gather_nd(x, [0])],
    "top_k": lambda tf, x: tf.nn.top_k(x, 2),
    "top_k_fed": lambda tf, x: tf.nn.top_k(x, tf.placeholder(tf.int32, [])),
    "softmax": lambda tf, x: [tf.nn.softmax(x), tf.nn.log_softmax(x)],
    "matrix_band": lambda tf, x: tf.matrix_band_part(x, 0, 0),
    "diag_part": lambda tf, x: tf.matrix_diag_part(x),
    "roll": lambda tf, x: tf.roll(x, 1, 0),
    "broadcast_to": lambda tf, x: tf.broadcast_to(x, [5, 2, 3, 4]),
    "broadcast_to_bad": lambda tf, x: tf.broadcast_to(x, [2, 3, 7]),
    "broadcast_to_less": lambda tf, x: tf.broadcast_to(x, [4]),
    "broadcast_to_fed": lambda tf, x: tf.broadcast_to(x, tf.placeholder(tf.int32, [3])),
    "identity": lambda tf, x: [tf.identity(x), tf.stop_gradient(x), tf.cast(x, tf.int32), -x],
    "boolean_mask": lambda tf, x: tf.boolean_mask(x, tf.placeholder(tf.bool, [None])),
    "boolean_mask_axis": lambda tf, x: tf.boolean_mask(x, [True, False, True], axis=1),
    "moments": lambda tf, x: [*tf.nn.moments(x, [0]), *tf.nn.moments(x, [0, 1], keep_dims=True)],
    "l2_normalize": lambda tf, x: tf.nn.l2_normalize(x, 1),
    "dropout": lambda tf, x: tf.nn.dropout(x, 0.5),
    "set_shape": lambda tf, x: x.set_shape([2, None, 4]),
    "sequence_mask": lambda tf, x: tf.sequence_mask(tf.cast(x, tf.int32), 6),
    "meshgrid": lambda tf, x: tf.meshgrid(x, x),
    "bias_add": lambda tf, x: tf.nn.bias_add(x, tf.zeros([4])),
    "segment_sum": lambda tf, x: tf.segment_sum(x, [0, 1]),
    "unsorted_segment_sum": lambda tf, x: tf.unsorted_segment_sum(x, [0, 1], 5),
    "clip": lambda tf, x: [tf.clip_by_value(x, 0.0, 1.0), tf.clip_by_norm(x, 1.0)],
}
for _name, _build in ONE.items():
    sweep(f"cube_{_name}", _build, CUBES)
for _name in (
    "squeeze",
    "reshape_rows",
    "transpose",
    "index",
    "sum",
    "argmax",
    "unstack",
    "softmax",
    "shape",
    "where",
    "logsumexp",
    "cumsum",
):
    sweep(f"small_{_name}", ONE[_name], [[], [0], [1], [1, None], [3], [2, 3]])

# --- two inputs ------------------------------------------------------------------------------------------------------

PAIRS = [[2, 3], [3], [1, 3], [None, 3], [None, None], [], None, [4]]
for _name in ("add", "maximum", "squared_difference", "equal", "less", "pow", "truediv", "floordiv"):
    sweep(f"pair_{_name}", lambda tf, x, y, name=_name: getattr(tf, name)(x, y), PAIRS, PAIRS)
sweep("pair_operators", lambda tf, x, y: [x + y, x * y, x > y], MATRICES, VECTORS)
sweep("pair_concat", lambda tf, x, y: tf.concat([x, y], 0), PAIRS, PAIRS)
sweep("pair_concat_last", lambda tf, x, y: tf.concat([x, y], -1), MATRICES, MATRICES)
sweep("pair_concat_fed", lambda tf, x, y: tf.concat([x, y], tf.placeholder(tf.int32, [])), MATRICES, PAIRS)
sweep("pair_stack", lambda tf, x, y: [tf.stack([x, y]), tf.stack([x, y], axis=-1)], PAIRS, PAIRS)
sweep("pair_add_n", lambda tf, x, y: tf.add_n([x, y]), PAIRS, PAIRS)
sweep("pair_matmul", lambda tf, x, y: tf.matmul(x, y), MATRICES, [[3, 4], [2, 4], [None, 4], [3, None], [3], None])
sweep(
    "pair_matmul_transposed", lambda tf, x, y: tf.matmul(x, y, transpose_b=True), MATRICES, [[4, 3], [4, 2], [None, None], None]
)
sweep(
    "pair_batch_matmul",
    lambda tf, x, y: tf.matmul(x, y),
    CUBES,
    [[2, 4, 5], [None, 4, None], [1, 4, 5], [4, 5], [3, 4, 5], None],
)
sweep("pair_gather", lambda tf, x, y: tf.gather(x, tf.cast(y, tf.int32)), MATRICES, [[], [3], [None], [2, None], None])
sweep(
    "pair_gather_batch",
    lambda tf, x, y: tf.gather(x, tf.cast(y, tf.int32), axis=1, batch_dims=1),
    CUBES,
    [[2, 5], [None, 5], None, [3, 5]],
)
sweep(
    "pair_gather_nd",
    lambda tf, x, y: tf.gather_nd(x, tf.cast(y, tf.int32)),
    CUBES,
    [[5, 2], [2], [5, None], [None, 3], [5, 4], [], None],
)
sweep(
    "pair_scatter_nd",
    lambda tf, x, y: tf.scatter_nd(tf.cast(x, tf.int32), y, [4, 5]),
    [[3, 1], [None, 1], [3, 2], [3, None], None],
    [[3, 5], [3], [None, 5], None],
)
sweep("pair_where", lambda tf, c, x: tf.where(c > 0, x, x), PAIRS, PAIRS)
sweep("pair_where_v2", lambda tf, c, x: tf.where_v2(c > 0, x, x), PAIRS, PAIRS)
sweep("pair_where_of_two", lambda tf, x, y: tf.where([True, False], x, y), MATRICES, MATRICES)
sweep("pair_bias_add", lambda tf, x, b: tf.nn.bias_add(x, b), [*IMAGES, [3], [2, 4]], [[4], [None], [3], [2, 2], None])
sweep("pair_softmax_loss", lambda tf, x, y: tf.nn.softmax_cross_entropy_with_logits_v2(labels=x, logits=y), MATRICES, MATRICES)
sweep(
    "pair_sparse_loss",
    lambda tf, x, y: tf.nn.sparse_softmax_cross_entropy_with_logits(labels=tf.cast(x, tf.int32), logits=y),
    VECTORS,
    MATRICES,
)
sweep("pair_sigmoid_loss", lambda tf, x, y: tf.nn.sigmoid_cross_entropy_with_logits(labels=x, logits=y), MATRICES, MATRICES)
sweep("pair_in_top_k", lambda tf, x, y: tf.nn.in_top_k(x, tf.cast(y, tf.int32), 1), MATRICES, [[2], [None], [3], None])
sweep(
    "pair_dynamic_stitch",
    lambda tf, i, x: tf.dynamic_stitch([tf.cast(i, tf.int32), [0]], [x, [[1.0, 2.0, 3.0]]]),
    VECTORS,
    MATRICES,
)
sweep(
    "pair_dynamic_partition",
    lambda tf, x, i: tf.dynamic_partition(x, tf.cast(i, tf.int32), 2),
    MATRICES,
    [[2], [None], [2, 3], [], None],
)
sweep("pair_matrix_set_diag", lambda tf, x, y: tf.matrix_set_diag(x, y), CUBES, [[2, 3], [None, 3], [None, None], [3], None])
sweep("pair_embedding", lambda tf, x, y: tf.nn.embedding_lookup(x, tf.cast(y, tf.int32)), MATRICES, [[], [3], [None], None])
sweep(
    "pair_reverse_sequence",
    lambda tf, x, n: tf.reverse_sequence(x, tf.cast(n, tf.int32), seq_axis=1),
    CUBES,
    [[2], [None], [3], None],
)
sweep(
    "pair_tensor_scatter", lambda tf, x, u: tf.tensor_scatter_update(x, [[0], [1]], u), MATRICES, [[2, 3], [2], [None, 3], None]
)

# --- images ----------------------------------------------------------------------------------------------------------

FILTERS = [[3, 3, 4, 5], [3, None, 4, 5], [None, None, None, None], [3, 3, 3, 5], None, [3, 3, 4]]
for _padding in ("SAME", "VALID"):
    sweep(f"conv2d_{_padding}", lambda tf, x, f, p=_padding: tf.nn.conv2d(x, f, [1, 2, 2, 1], p), IMAGES, FILTERS)
    _window = [1, 3, 3, 1], [1, 2, 2, 1]
    sweep(f"max_pool_{_padding}", lambda tf, x, p=_padding, w=_window: tf.nn.max_pool(x, *w, p), IMAGES)
    sweep(f"avg_pool_{_padding}", lambda tf, x, p=_padding, w=_window: tf.nn.avg_pool(x, *w, p), IMAGES)
    _depthwise = [[3, 3, 4, 2], [None, 3, 4, None], None, [3, 3, 3, 2]]
    sweep(
        f"depthwise_{_padding}", lambda tf, x, f, p=_padding: tf.nn.depthwise_conv2d(x, f, [1, 1, 1, 1], p), IMAGES, _depthwise
    )
    _attrs = {"ksizes": [1, 3, 3, 1], "strides": [1, 2, 2, 1], "rates": [1, 1, 1, 1]}
    sweep(f"image_patches_{_padding}", lambda tf, x, p=_padding, a=_attrs: tf.extract_image_patches(x, **a, padding=p), IMAGES)
sweep("conv1d", lambda tf, x, f: tf.nn.conv1d(x, f, 2, "SAME"), CUBES, [[3, 4, 5], [None, None, 5], None])
sweep(
    "conv2d_transpose",
    lambda tf, x, f: tf.nn.conv2d_transpose(x, f, [2, 16, 16, 6], [1, 2, 2, 1]),
    IMAGES,
    [[3, 3, 6, 4], [None] * 4, None],
)
sweep(
    "conv2d_transpose_fed",
    lambda tf, x, f: tf.nn.conv2d_transpose(x, f, tf.placeholder(tf.int32, [4]), [1, 2, 2, 1]),
    IMAGES,
    [[3, 3, 6, 4]],
)
sweep("lrn", lambda tf, x: tf.nn.lrn(x), IMAGES)
sweep("batch_norm", lambda tf, x: tf.nn.fused_batch_norm(x, tf.ones([4]), tf.zeros([4])), IMAGES)
sweep("space_to_depth", lambda tf, x: [tf.space_to_depth(x, 2), tf.depth_to_space(x, 2)], IMAGES)
sweep("space_to_batch", lambda tf, x: tf.space_to_batch(x, [[0, 0], [1, 1]], 2), IMAGES)
sweep("batch_to_space", lambda tf, x: tf.batch_to_space(x, [[0, 1], [1, 1]], 1), IMAGES)
sweep("flatten", lambda tf, x: [tf.layers.flatten(x), tf.reshape(x, [-1, 8 * 8 * 4])], IMAGES)
