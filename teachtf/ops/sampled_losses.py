"""Losses over very many classes, estimated by a few that are drawn. Source: TensorFlow's `nn_impl`."""

from __future__ import annotations

from typing import Any

from teachtf.core import dtypes
from teachtf.core.name_scope import name_scope
from teachtf.core.tensor import Tensor
from teachtf.ops import arithmetic as m
from teachtf.ops.arrays import expand_dims, reshape, shape, stop_gradient
from teachtf.ops.candidates import compute_accidental_hits, log_uniform_candidate_sampler
from teachtf.ops.cross_entropy import sigmoid_cross_entropy_with_logits, softmax_cross_entropy_with_logits_v2
from teachtf.ops.embedding import embedding_lookup
from teachtf.ops.fills import ones, ones_like, zeros_like
from teachtf.ops.joining import concat, stack
from teachtf.ops.linalg import matmul
from teachtf.ops.slicing import slice_
from teachtf.ops.sparse_math import sparse_to_dense


def _sum_rows(x: Tensor) -> Tensor:
    columns = shape(x)[1]
    return reshape(matmul(x, ones(stack([columns, 1]), x.dtype)), [-1])


def _sampled_logits(
    weights: Any,
    biases: Any,
    labels: Any,
    inputs: Any,
    num_sampled: Any,
    num_classes: int,
    num_true: int,
    sampled_values: Any,
    remove_accidental_hits: bool,
    partition_strategy: str,
    name: str | None,
    seed: int | None = None,
) -> tuple[Tensor, Tensor]:
    """Logits and labels [batch, num_true + num_sampled]: of the true classes and of those drawn."""
    tables = list(weights) if hasattr(weights, "_variable_list") or isinstance(weights, list) else [weights]
    with name_scope(name, "compute_sampled_logits", [*tables, biases, inputs, labels]):
        if labels.dtype != dtypes.int64:
            labels = m.cast(labels, dtypes.int64)
        flat = reshape(labels, [-1])
        if sampled_values is None:
            sampled_values = log_uniform_candidate_sampler(labels, num_true, num_sampled, True, num_classes, seed)
        sampled, true_count, sampled_count = (stop_gradient(s) for s in sampled_values)
        sampled = m.cast(sampled, dtypes.int64)
        ids = concat([flat, sampled], 0)
        rows = embedding_lookup(tables, ids, partition_strategy)
        if rows.dtype != inputs.dtype:
            rows = m.cast(rows, inputs.dtype)
        true_rows = slice_(rows, [0, 0], stack([shape(flat)[0], -1]))
        sampled_rows = slice_(rows, stack([shape(flat)[0], 0]), [-1, -1])
        sampled_logits = matmul(inputs, sampled_rows, transpose_b=True)
        all_biases = embedding_lookup(biases, ids, partition_strategy)
        if all_biases.dtype != inputs.dtype:
            all_biases = m.cast(all_biases, inputs.dtype)
        true_bias = slice_(all_biases, [0], shape(flat))
        sampled_bias = slice_(all_biases, shape(flat), [-1])
        dim = shape(true_rows)[1:2]
        grouped = concat([[-1, num_true], dim], 0)
        products = m.multiply(expand_dims(inputs, 1), reshape(true_rows, grouped))
        true_logits = reshape(_sum_rows(reshape(products, concat([[-1], dim], 0))), [-1, num_true])
        true_bias = reshape(true_bias, [-1, num_true])
        true_logits += true_bias
        sampled_logits += sampled_bias
        if remove_accidental_hits:
            sampled_logits += _hits(labels, sampled, num_true, num_sampled, sampled_logits.dtype)
        true_logits -= m.log(true_count)
        sampled_logits -= m.log(sampled_count)
        logits = concat([true_logits, sampled_logits], 1)
        targets = concat([ones_like(true_logits) / num_true, zeros_like(sampled_logits)], 1)
        return logits, targets


def _hits(labels: Tensor, sampled: Tensor, num_true: int, num_sampled: Any, dtype: Any) -> Tensor:
    """What takes those drawn out of the competition where they are true."""
    rows, places, lowest = compute_accidental_hits(labels, sampled, num_true)
    rows = reshape(rows, [-1, 1])
    places = reshape(m.cast(places, dtypes.int32), [-1, 1])
    indices = concat([rows, places], 1, "sparse_indices")
    logits_shape = concat([shape(labels)[:1], expand_dims(num_sampled, 0)], 0)
    if lowest.dtype != dtype:
        lowest = m.cast(lowest, dtype)
    return sparse_to_dense(indices, logits_shape, lowest, 0.0, validate_indices=False)


def nce_loss(
    weights: Any,
    biases: Any,
    labels: Any,
    inputs: Any,
    num_sampled: Any,
    num_classes: int,
    num_true: int = 1,
    sampled_values: Any = None,
    remove_accidental_hits: bool = False,
    partition_strategy: str = "mod",
    name: str = "nce_loss",
) -> Tensor:
    """Noise-contrastive estimation: can the true class be told from some that are drawn?

    Args:
      weights: [num_classes, dim], or a list of partitions.
      biases: [num_classes].
      labels: int64 [batch, num_true].
      inputs: [batch, dim].
      num_sampled: how many classes are drawn for the batch.
      num_classes: how many there are.
      num_true: true classes an example.
      sampled_values: what a candidate sampler gave; `tf.nn.log_uniform_candidate_sampler` draws by default.
      remove_accidental_hits: whether those drawn that are true are left out.
      partition_strategy: as of `tf.nn.embedding_lookup`.
      name: the name scope.

    Returns:
      A loss for each example, [batch].

    Source: `tf.nn.nce_loss`; Gutmann and Hyvärinen, 2010.
    """
    logits, targets = _sampled_logits(
        weights, biases, labels, inputs, num_sampled, num_classes, num_true, sampled_values, remove_accidental_hits,
        partition_strategy, name,
    )  # fmt: skip
    return _sum_rows(sigmoid_cross_entropy_with_logits(labels=targets, logits=logits, name="sampled_losses"))


def sampled_softmax_loss(
    weights: Any,
    biases: Any,
    labels: Any,
    inputs: Any,
    num_sampled: Any,
    num_classes: int,
    num_true: int = 1,
    sampled_values: Any = None,
    remove_accidental_hits: bool = True,
    partition_strategy: str = "mod",
    name: str = "sampled_softmax_loss",
    seed: int | None = None,
) -> Tensor:
    """The softmax loss over the true classes and some that are drawn; arguments as of `tf.nn.nce_loss`.

    Source: `tf.nn.sampled_softmax_loss`; Jean et al., 2014.
    """
    logits, targets = _sampled_logits(
        weights, biases, labels, inputs, num_sampled, num_classes, num_true, sampled_values, remove_accidental_hits,
        partition_strategy, name, seed,
    )  # fmt: skip
    targets = stop_gradient(targets, name="labels_stop_gradient")
    return softmax_cross_entropy_with_logits_v2(labels=targets, logits=logits)
