"""What a run tells the onlooker: numbers, spreads, pictures, sounds and texts, as serialized `Summary` messages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from teachtf.core import dtypes
from teachtf.core.apply import apply_op
from teachtf.core.convert import convert_to_tensor
from teachtf.core.graph import get_default_graph
from teachtf.core.keys import GraphKeys
from teachtf.core.name_scope import name_scope
from teachtf.core.op_def import NOT_DIFFERENTIABLE, declare
from teachtf.core.tensor import Tensor
from teachtf.ops import shape_functions as shapes
from teachtf.platform import log

_NUMBERS = "T: {float, double, int32, uint8, int16, int8, int64, bfloat16, uint16, half, uint32, uint64}"


declare(
    "ScalarSummary",
    inputs="tags: string, values: T",
    outputs="summary: string",
    attrs=_NUMBERS,
    shape=shapes.scalar,
    gradient=NOT_DIFFERENTIABLE,
)
declare(
    "HistogramSummary",
    inputs="tag: string, values: T",
    outputs="summary: string",
    attrs=f"{_NUMBERS} = DT_FLOAT",
    shape=shapes.scalar,
    gradient=NOT_DIFFERENTIABLE,
)
declare(
    "ImageSummary",
    inputs="tag: string, tensor: T",
    outputs="summary: string",
    attrs="max_images: int >= 1 = 3, T: {uint8, float, half, double} = DT_FLOAT, bad_color: tensor = uint8[255, 0, 0, 255]",
    shape=shapes.scalar,
    gradient=NOT_DIFFERENTIABLE,
)
declare(
    "AudioSummaryV2",
    inputs="tag: string, tensor: float, sample_rate: float",
    outputs="summary: string",
    attrs="max_outputs: int >= 1 = 3",
    shape=shapes.scalar,
    gradient=NOT_DIFFERENTIABLE,
)
declare(
    "TensorSummaryV2",
    inputs="tag: string, tensor: T, serialized_summary_metadata: string",
    outputs="summary: string",
    attrs="T: type",
    shape=shapes.scalar,
    gradient=NOT_DIFFERENTIABLE,
)
declare(
    "MergeSummary",
    inputs="inputs: N * string",
    outputs="summary: string",
    attrs="N: int >= 1",
    shape=shapes.scalar,
    gradient=NOT_DIFFERENTIABLE,
)


def _clean(name: str | None) -> str | None:
    """A name of which a node can be called; what does not fit becomes `_`."""
    if name is None:
        return None
    clean = re.sub(r"[^-/\w\.]", "_", name).lstrip("/")
    if clean != name:
        log.info("Summary name %s is illegal; using %s instead.", name, clean)
    return clean


@contextmanager
def _summary_scope(name: str, family: str | None, values: Any, default: str | None = None) -> Iterator[tuple[str, str]]:
    """The tag of a summary and the scope of its node: a tag is unique as names of nodes are."""
    clean, family = _clean(name), _clean(family)
    with name_scope(clean if family is None else f"{family}/{clean}", default, values) as scope:
        full = scope.rstrip("/")
        yield full if family is None else f"{family}/{full}", scope


def _collected(summary: Tensor, collections: Any, default: list[str]) -> Tensor:
    for key in default if collections is None else collections:
        get_default_graph().add_to_collection(key, summary)
    return summary


_SUMMARIES = [GraphKeys.SUMMARIES]


def scalar(name: str, tensor: Any, collections: Any = None, family: str | None = None) -> Tensor:
    """A number, for a curve over the steps.

    Args:
      name: the node's name; with its scope it is the tag.
      tensor: a real tensor of one value.
      collections: the collections that list the summary; `[GraphKeys.SUMMARIES]`, which `merge_all` merges, by default.
      family: a prefix of the tag, by which TensorBoard groups curves.

    Returns:
      A scalar string tensor: a serialized `tf.Summary`.

    Source: `tf.summary.scalar`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     line = sess.run(tf.summary.scalar("loss", tf.constant(0.5)))
    ...     print(tf.Summary.FromString(line).value[0].tag)
    loss
    """
    with _summary_scope(name, family, [tensor]) as (tag, scope):
        return _collected(apply_op("ScalarSummary", tag, tensor, name=scope), collections, _SUMMARIES)


def histogram(name: str, values: Any, collections: Any = None, family: str | None = None) -> Tensor:
    """How values are spread, as counts in buckets. Arguments as of `scalar`, for a tensor of any shape.

    Raises:
      InvalidArgumentError: when run: a value is not finite.

    Source: `tf.summary.histogram`.
    """
    with _summary_scope(name, family, [values], "HistogramSummary") as (tag, scope):
        return _collected(apply_op("HistogramSummary", tag, values, name=scope), collections, _SUMMARIES)


def image(name: str, tensor: Any, max_outputs: int = 3, collections: Any = None, family: str | None = None) -> Tensor:
    """The first pictures of a batch.

    Args:
      name: the node's name; tags are "name/image/0", "name/image/1", ..., or "name/image" where `max_outputs` is 1.
      tensor: [batch, height, width, channels] of uint8 or floats, with 1 (grey), 3 (RGB) or 4 (RGBA) channels. Floats of a
        picture are scaled: the largest becomes 255, or, where some are negative, 0 becomes 128. What is not finite becomes red.
      max_outputs: how many pictures at most.
      collections: as of `scalar`.
      family: as of `scalar`.

    Source: `tf.summary.image`.
    """
    with _summary_scope(name, family, [tensor]) as (tag, scope):
        result = apply_op("ImageSummary", tag, tensor, max_images=max_outputs, name=scope)
        return _collected(result, collections, _SUMMARIES)


def audio(
    name: str, tensor: Any, sample_rate: Any, max_outputs: int = 3, collections: Any = None, family: str | None = None
) -> Tensor:
    """The first sounds of a batch.

    Args:
      name: the node's name; tags are "name/audio/0", ..., or "name/audio" where `max_outputs` is 1.
      tensor: float32 [batch, frames, channels] or [batch, frames], values from -1 to 1.
      sample_rate: frames a second, a scalar.
      max_outputs: how many sounds at most.
      collections: as of `scalar`.
      family: as of `scalar`.

    Source: `tf.summary.audio`.
    """
    with _summary_scope(name, family, [tensor]) as (tag, scope):
        rate = convert_to_tensor(sample_rate, dtypes.float32, name="sample_rate")
        result = apply_op("AudioSummaryV2", tag, tensor, rate, max_outputs=max_outputs, name=scope)
        return _collected(result, collections, _SUMMARIES)


def text(name: str, tensor: Any, collections: Any = None) -> Tensor:
    """Texts, in Markdown; TensorBoard lays a vector or matrix of them out as a table.

    Raises:
      ValueError: `tensor` holds no strings.

    Source: `tf.summary.text`.
    """
    if tensor.dtype != dtypes.string:
        raise ValueError(f"Expected tensor {tensor.name} to have dtype string, got {tensor.dtype}")
    from tensorboard.compat.proto.summary_pb2 import SummaryMetadata

    metadata = SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name="text"))
    return tensor_summary(name, tensor, summary_metadata=metadata, collections=collections)


def tensor_summary(
    name: str,
    tensor: Any,
    summary_description: Any = None,
    collections: Any = None,
    summary_metadata: Any = None,
    family: str | None = None,
    display_name: str | None = None,
) -> Tensor:
    """A tensor as it is, with metadata that tell a plugin of TensorBoard what it means. Source: `tf.summary.tensor_summary`."""
    from tensorboard.compat.proto.summary_pb2 import SummaryMetadata

    metadata = SummaryMetadata()
    if summary_metadata is not None:
        metadata.CopyFrom(summary_metadata)
    if summary_description is not None:
        metadata.summary_description = summary_description
    if display_name is not None:
        metadata.display_name = display_name
    with _summary_scope(name, family, [tensor]) as (tag, scope):
        result = apply_op("TensorSummaryV2", tag, tensor, metadata.SerializeToString(), name=scope)
        return _collected(result, collections, _SUMMARIES)


def merge(inputs: Any, collections: Any = None, name: str | None = None) -> Tensor:
    """All values of some summaries in one.

    Raises:
      InvalidArgumentError: when run: two values have one tag.

    Source: `tf.summary.merge`.
    """
    name = _clean(name)
    with name_scope(name, "Merge", inputs):
        return _collected(apply_op("MergeSummary", list(inputs), name=name), collections, [])


def merge_all(key: Any = GraphKeys.SUMMARIES, scope: str | None = None, name: str | None = None) -> Tensor | None:
    """All summaries of the default graph in one; None where there is none. Source: `tf.summary.merge_all`."""
    found = get_default_graph().get_collection(key, scope)
    return merge(found, name=name) if found else None
