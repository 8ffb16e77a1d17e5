"""Kernels that write `Summary` messages. Source: TensorFlow's `summary_op.cc`, `histogram.cc`, `wav_io.cc`."""

from __future__ import annotations

import struct
from functools import cache
from typing import Any

import numpy as np

from teachtf.core import errors
from teachtf.core.dtypes import as_dtype
from teachtf.kernels import png
from teachtf.kernels.registry import Call, kernel


def _invalid(message: str) -> Exception:
    return errors.InvalidArgumentError(None, None, message)


def _summary() -> Any:
    from tensorboard.compat.proto.summary_pb2 import Summary

    return Summary()


def _text(value: Any) -> str:
    return (value.item() if isinstance(value, np.ndarray) else value).decode()


@kernel("ScalarSummary")
def _scalar(op: Any) -> Call:
    def call(tags: Any, values: Any) -> bytes:
        if np.shape(tags) != np.shape(values):
            raise _invalid(
                f"tags and values are not the same shape: {list(np.shape(tags))} != {list(np.shape(values))}"
                + (f" (tag '{_text(tags)}')" if np.size(tags) == 1 else "")
            )
        summary = _summary()
        for tag, value in zip(np.ravel(np.asarray(tags, object)), np.ravel(values), strict=True):
            summary.value.add(tag=_text(tag), simple_value=float(value))
        return summary.SerializeToString()

    return call


@cache
def bucket_limits() -> np.ndarray:
    """Where the buckets of a histogram end: each a tenth further from 0 than the one before."""
    positive, limit = [], 1.0e-12
    while limit < 1.0e20:
        positive.append(limit)
        limit *= 1.1
    positive.append(np.finfo(np.float64).max)
    return np.array([*(-x for x in reversed(positive)), 0.0, *positive])


def fill_histogram(proto: Any, values: Any) -> None:
    """Counts of `values` in buckets, and their moments; runs of empty buckets are one."""
    limits = bucket_limits()
    flat = np.ravel(values).astype(np.float64)
    proto.min, proto.max = (flat.min(), flat.max()) if flat.size else (limits[-1], limits[0])
    proto.num, proto.sum, proto.sum_squares = flat.size, flat.sum(), np.square(flat).sum()
    counts = np.bincount(np.searchsorted(limits, flat, side="right"), minlength=limits.size)
    full = counts > 0
    kept = full.copy()
    kept[:-1] |= full[1:]  # the last empty bucket before a full one ends the run
    kept[-1] = True
    proto.bucket_limit.extend(limits[kept].tolist())
    proto.bucket.extend(counts[kept].astype(np.float64).tolist())


@kernel("HistogramSummary")
def _histogram(op: Any) -> Call:
    def call(tag: Any, values: Any) -> bytes:
        if np.ndim(tag):
            raise _invalid("tags must be scalar")
        if not np.all(np.isfinite(values)):
            kind = "Nan in summary histogram" if np.any(np.isnan(values)) else "Infinity in Histogram"
            raise _invalid(f"{kind} for: {op.name}")
        summary = _summary()
        fill_histogram(summary.value.add(tag=_text(tag)).histo, values)
        return summary.SerializeToString()

    return call


def to_bytes(image: Any, bad_color: Any) -> np.ndarray:
    """A float picture as uint8: scaled to use the range, pixels that are not finite in `bad_color`."""
    finite = np.isfinite(image).all(-1)
    good = image[finite]
    low, high = (good.min(), good.max()) if good.size else (0.0, 0.0)
    largest = max(abs(low), abs(high)) if low < 0 else high
    top, offset = (127.0, 128.0) if low < 0 else (255.0, 0.0)
    scale = image.dtype.type(0 if largest < 1e-6 else top / largest)
    result = np.empty(image.shape, np.uint8)
    result[finite] = (good * scale + image.dtype.type(offset)).astype(np.uint8)
    result[~finite] = bad_color[: image.shape[-1]]
    return result


def _tags(tag: Any, what: str, limit: int, count: int) -> list[str]:
    base = f"{_text(tag)}/{what}"
    return [base] if limit == 1 else [f"{base}/{i}" for i in range(min(limit, count))]


@kernel("ImageSummary")
def _image(op: Any) -> Call:
    limit, bad_color = op._attrs["max_images"], op._attrs["bad_color"]

    def call(tag: Any, images: Any) -> bytes:
        if np.ndim(tag):
            raise _invalid("Tags must be a scalar")
        if np.ndim(images) != 4 or images.shape[3] not in (1, 3, 4):
            raise _invalid(f"Tensor must be 4-D with last dim 1, 3, or 4, not {list(np.shape(images))}")
        summary = _summary()
        for name, image in zip(_tags(tag, "image", limit, len(images)), images, strict=False):
            pixels = image if image.dtype == np.uint8 else to_bytes(image, bad_color)
            height, width, channels = pixels.shape
            picture = summary.value.add(tag=name).image
            picture.height, picture.width, picture.colorspace = height, width, channels
            picture.encoded_image_string = png.encode(pixels)
        return summary.SerializeToString()

    return call


def wav(samples: Any, rate: int) -> bytes:
    """A WAV file of 16-bit samples from floats [frames, channels] between -1 and 1."""
    channels = samples.shape[1]
    scaled = samples * np.float32(32768)
    rounded = np.trunc(scaled + np.copysign(np.float32(0.5), scaled))
    data = np.clip(rounded, -32768, 32767).astype("<i2").tobytes()
    head = struct.pack("<4sI4s4sIHHIIHH", b"RIFF", 36 + len(data), b"WAVE", b"fmt ", 16, 1, channels, rate, rate * channels * 2,
                       channels * 2, 16)  # fmt: skip
    return head + struct.pack("<4sI", b"data", len(data)) + data


@kernel("AudioSummaryV2")
def _audio(op: Any) -> Call:
    limit = op._attrs["max_outputs"]

    def call(tag: Any, sounds: Any, rate: Any) -> bytes:
        if np.ndim(tag):
            raise _invalid("tag must be scalar")
        if np.ndim(sounds) not in (2, 3):
            raise _invalid(f"Tensor must be 3-D or 2-D, got: {list(np.shape(sounds))}")
        if np.ndim(rate) or rate <= 0:
            raise _invalid("sample_rate must be a positive scalar")
        sounds = sounds.reshape(*sounds.shape[:2], -1)
        summary = _summary()
        for name, sound in zip(_tags(tag, "audio", limit, len(sounds)), sounds, strict=False):
            told = summary.value.add(tag=name).audio
            told.sample_rate, told.num_channels, told.length_frames = float(rate), sound.shape[1], sound.shape[0]
            told.encoded_audio_string, told.content_type = wav(sound, int(rate)), "audio/wav"
        return summary.SerializeToString()

    return call


@kernel("TensorSummaryV2")
def _tensor(op: Any) -> Call:
    dtype = op._inputs[1]._dtype.base_dtype

    def call(tag: Any, tensor: Any, metadata: Any) -> bytes:
        from teachtf.core.tensor_proto import array_to_proto

        summary = _summary()
        value = summary.value.add(tag=_text(tag))
        array = np.asarray(tensor, object if dtype.name == "string" else None)
        value.tensor.CopyFrom(array_to_proto(array, as_dtype(dtype)))
        value.metadata.ParseFromString(metadata.item() if isinstance(metadata, np.ndarray) else metadata)
        return summary.SerializeToString()

    return call


@kernel("MergeSummary")
def _merge(op: Any) -> Call:
    def call(*inputs: Any) -> bytes:
        merged, tags = _summary(), set()
        for given in inputs:
            for serialized in np.ravel(np.asarray(given, object)):
                part = _summary()
                part.ParseFromString(serialized)
                for value in part.value:
                    if value.tag in tags:
                        raise _invalid(f"Duplicate tag {value.tag} found in summary inputs")
                    tags.add(value.tag)
                merged.MergeFrom(part)
        return merged.SerializeToString()

    return call
