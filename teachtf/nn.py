"""`tf.nn`: what networks are built of. Each name is explained where it is defined."""

from __future__ import annotations

from teachtf import rnn_cell
from teachtf.modeling.dynamic_rnn import bidirectional_dynamic_rnn, dynamic_rnn, raw_rnn
from teachtf.modeling.rnn import static_bidirectional_rnn, static_rnn
from teachtf.ops.activations import (
    bias_add,
    crelu,
    dropout,
    elu,
    leaky_relu,
    log_softmax,
    relu,
    relu6,
    relu_layer,
    selu,
    sigmoid,
    softmax,
    softplus,
    softsign,
    swish,
    tanh,
    xw_plus_b,
)
from teachtf.ops.candidates import (
    all_candidate_sampler,
    compute_accidental_hits,
    fixed_unigram_candidate_sampler,
    learned_unigram_candidate_sampler,
    log_uniform_candidate_sampler,
    uniform_candidate_sampler,
)
from teachtf.ops.convolution import (
    conv1d,
    conv2d,
    conv2d_backprop_filter,
    conv2d_backprop_input,
    conv2d_transpose,
)
from teachtf.ops.cross_entropy import (
    sigmoid_cross_entropy_with_logits,
    softmax_cross_entropy_with_logits,
    softmax_cross_entropy_with_logits_v2,
    sparse_softmax_cross_entropy_with_logits,
    weighted_cross_entropy_with_logits,
)
from teachtf.ops.depthwise import (
    depthwise_conv2d,
    depthwise_conv2d_native,
    depthwise_conv2d_native_backprop_filter,
    depthwise_conv2d_native_backprop_input,
    separable_conv2d,
)
from teachtf.ops.dilated import (
    atrous_conv2d,
    avg_pool1d,
    conv1d_transpose,
    convolution,
    max_pool1d,
    max_pool2d,
    pool,
    with_space_to_batch,
)
from teachtf.ops.embedding import embedding_lookup
from teachtf.ops.embedding_sparse import embedding_lookup_sparse, safe_embedding_lookup_sparse
from teachtf.ops.normalization import (
    batch_normalization,
    fused_batch_norm,
    l2_loss,
    l2_normalize,
    local_response_normalization,
    lrn,
    moments,
    zero_fraction,
)
from teachtf.ops.pooling import avg_pool, max_pool
from teachtf.ops.ranking import in_top_k, top_k
from teachtf.ops.sampled_losses import nce_loss, sampled_softmax_loss
from teachtf.ops.spaces import depth_to_space, space_to_batch, space_to_depth
from teachtf.ops.statistics import (
    batch_norm_with_global_normalization,
    log_poisson_loss,
    normalize_moments,
    sufficient_statistics,
    weighted_moments,
)
from teachtf.ops.volumes import avg_pool3d, conv3d, conv3d_transpose, max_pool3d

avg_pool2d = avg_pool
depthwise_conv2d_backprop_input = depthwise_conv2d_native_backprop_input
depthwise_conv2d_backprop_filter = depthwise_conv2d_native_backprop_filter
silu = swish

__all__ = [
    "all_candidate_sampler",
    "atrous_conv2d",
    "avg_pool",
    "avg_pool1d",
    "avg_pool2d",
    "avg_pool3d",
    "batch_norm_with_global_normalization",
    "batch_normalization",
    "bias_add",
    "bidirectional_dynamic_rnn",
    "compute_accidental_hits",
    "conv1d",
    "conv1d_transpose",
    "conv2d",
    "conv2d_backprop_filter",
    "conv2d_backprop_input",
    "conv2d_transpose",
    "conv3d",
    "conv3d_transpose",
    "convolution",
    "crelu",
    "depth_to_space",
    "depthwise_conv2d",
    "depthwise_conv2d_backprop_filter",
    "depthwise_conv2d_backprop_input",
    "depthwise_conv2d_native",
    "depthwise_conv2d_native_backprop_filter",
    "depthwise_conv2d_native_backprop_input",
    "dropout",
    "dynamic_rnn",
    "elu",
    "embedding_lookup",
    "embedding_lookup_sparse",
    "fixed_unigram_candidate_sampler",
    "fused_batch_norm",
    "in_top_k",
    "l2_loss",
    "l2_normalize",
    "leaky_relu",
    "learned_unigram_candidate_sampler",
    "local_response_normalization",
    "log_poisson_loss",
    "log_softmax",
    "log_uniform_candidate_sampler",
    "lrn",
    "max_pool",
    "max_pool1d",
    "max_pool2d",
    "max_pool3d",
    "moments",
    "nce_loss",
    "normalize_moments",
    "pool",
    "raw_rnn",
    "relu",
    "relu6",
    "relu_layer",
    "rnn_cell",
    "safe_embedding_lookup_sparse",
    "sampled_softmax_loss",
    "selu",
    "separable_conv2d",
    "sigmoid",
    "sigmoid_cross_entropy_with_logits",
    "silu",
    "softmax",
    "softmax_cross_entropy_with_logits",
    "softmax_cross_entropy_with_logits_v2",
    "softplus",
    "softsign",
    "space_to_batch",
    "space_to_depth",
    "sparse_softmax_cross_entropy_with_logits",
    "static_bidirectional_rnn",
    "static_rnn",
    "sufficient_statistics",
    "swish",
    "tanh",
    "top_k",
    "uniform_candidate_sampler",
    "weighted_cross_entropy_with_logits",
    "weighted_moments",
    "with_space_to_batch",
    "xw_plus_b",
    "zero_fraction",
]
