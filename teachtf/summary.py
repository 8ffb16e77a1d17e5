"""`tf.summary`: what a run tells TensorBoard. Each name is explained where it is defined."""

from __future__ import annotations

from tensorboard.compat.proto.event_pb2 import Event, SessionLog, TaggedRunMetadata
from tensorboard.compat.proto.summary_pb2 import Summary, SummaryDescription

from teachtf.ops.summaries import audio, histogram, image, merge, merge_all, scalar, tensor_summary, text
from teachtf.training.event_files import FileWriter, FileWriterCache

__all__ = [
    "Event",
    "FileWriter",
    "FileWriterCache",
    "SessionLog",
    "Summary",
    "SummaryDescription",
    "TaggedRunMetadata",
    "audio",
    "histogram",
    "image",
    "merge",
    "merge_all",
    "scalar",
    "tensor_summary",
    "text",
]
