"""`tensor_table` and `checkpoint_browser`: what a graph and a checkpoint hold, in rows."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from . import facts
from .devices import device_of
from .page import table_html, table_text
from .views import HtmlView

#: A page holds this many rows of tensors at most, since a notebook keeps every one; `.rows` has them all.
MOST_ROWS = 1000
#: Tensors larger than this are listed in a checkpoint browser without reading their values.
PREVIEW_BYTES = 64 * 2**20


class TensorTable(HtmlView):
    """The tensors of a graph: `.columns` and `.rows` hold the table as plain data."""

    def __init__(self, tensors: Iterable[Any], devices: Mapping[str, str] | None = None) -> None:
        listed = list(tensors)
        self.rows = [_tensor_row(tensor, devices) for tensor in listed]
        self.columns = ["name", "op type", "rank", "shape", "dtype", "variable", "device"]
        for column, index in (("device", 6), ("variable", 5)):
            if not any(row[index] for row in self.rows):
                self.columns.remove(column)
                self.rows = [row[:index] + row[index + 1 :] for row in self.rows]
        title = f"<b>{facts.plural(len(listed), 'tensor')}</b>"
        if len(listed) > MOST_ROWS:
            title += f'<span class="ttf-muted">the first {MOST_ROWS} are shown: pass a list to choose</span>'
        shown = table_html(self.columns, self.rows[:MOST_ROWS], ["rank"])
        body = f'<div class="ttf-head">{title}</div>{shown}'
        super().__init__(body, table_text(self.columns, self.rows))


def _tensor_row(tensor: Any, devices: Mapping[str, str] | None) -> list[str]:
    op = facts.op_of(tensor)
    device = op.device if devices is None else devices[op.name]
    kind = "yes" if op.type in facts.VARIABLE_TYPES else ""
    rank, shape = facts.rank_text(tensor.shape), facts.shape_text(tensor.shape)
    return [tensor.name, op.type, rank, shape, facts.dtype_name(tensor.dtype), kind, device or ""]


def tensor_table(tensors: Any = None) -> TensorTable:
    """Lists tensors with op type, rank, shape and dtype; click a head to sort, type to filter.

    Args:
        tensors: a Graph for all its tensors, a Session for them where it places them, a list of tensors or variables, or
            nothing for the default graph.

    Returns:
        A TensorTable, which a notebook draws and a terminal prints. Columns `variable` and `device` are left out when
        they would be empty. `.widget()` gives a table whose `selected` trait is the name last clicked.

    Example:

        tensor_table([x, weights, logits])
    """
    if isinstance(tensors, (list, tuple)):
        return TensorTable(tensors)
    graph = facts.default_graph(tensors)
    devices = device_of(tensors, graph) if hasattr(type(tensors), "placement") else None
    return TensorTable((tensor for op in graph.get_operations() for tensor in op.outputs), devices)


class CheckpointBrowser(HtmlView):
    """What a checkpoint holds: `.columns` and `.rows` hold the table as plain data."""

    def __init__(self, reader: Any, title: str) -> None:
        self.columns = ["name", "shape", "dtype", "elements", "bytes", "values"]
        self.rows = [_checkpoint_row(reader, name) for name in sorted(reader.names())]
        total = sum(int(row[4].replace(",", "")) for row in self.rows if row[4])
        head = f"{facts.plural(len(self.rows), 'tensor')}, {total:,} bytes"
        body = f'<div class="ttf-head"><b>{facts.html(title)}</b><span class="ttf-muted">{head}</span></div>' + table_html(
            self.columns, self.rows, ["elements", "bytes"]
        )
        super().__init__(body, f"{title}: {head}\n" + table_text(self.columns, self.rows))


def _checkpoint_row(reader: Any, name: str) -> list[str]:
    shape = reader.shape(name)
    dtype = reader.dtype(name)
    numpy_dtype = np.dtype(dtype)
    count = math.prod(shape)
    fixed = numpy_dtype != np.dtype(object)
    size = f"{count * numpy_dtype.itemsize:,}" if fixed else ""
    values = preview(reader.tensor(name)) if count * numpy_dtype.itemsize <= PREVIEW_BYTES else "not read: large"
    shown = "[" + ", ".join(str(dim) for dim in shape) + "]"
    return [name, shown, facts.dtype_name(dtype), f"{count:,}", size, values]


def preview(array: Any) -> str:
    """Returns the values of a small array, or the range and mean of a large one; NaN and infinity are pointed out.

    >>> preview(np.array([1, 2, 3]))
    '1, 2, 3'
    >>> preview(np.arange(100.0))
    '0 to 99, mean 49.5'
    """
    array = np.asarray(array)
    flat = array.reshape(-1)
    if flat.size == 0:
        return "empty"
    if flat.size <= facts.SMALL_CONSTANT or array.dtype.kind not in "fiub":
        more = ", ..." if flat.size > facts.SMALL_CONSTANT else ""
        return ", ".join(_number(value) for value in flat[: facts.SMALL_CONSTANT].tolist()) + more
    numbers = flat.astype(np.float64)
    finite = numbers[np.isfinite(numbers)]
    bad = f", {flat.size - finite.size:,} not finite" if finite.size < flat.size else ""
    if not finite.size:
        return "no finite value"
    return f"{_number(float(finite.min()))} to {_number(float(finite.max()))}, mean {_number(float(finite.mean()))}{bad}"


def _number(value: Any) -> str:
    if isinstance(value, bytes):
        return repr(value.decode("utf-8", "backslashreplace"))
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def checkpoint_browser(prefix: Any) -> CheckpointBrowser:
    """Lists the tensors of a checkpoint with shape, dtype, size and a preview of the values.

    Args:
        prefix: what `Saver.save` returned (`'/tmp/model.ckpt-100'`), or an open BundleReader.

    Example:

        checkpoint_browser(saver.save(session, "model.ckpt"))
    """
    if not isinstance(prefix, (str, os.PathLike)):
        return CheckpointBrowser(prefix, str(getattr(prefix, "prefix", "checkpoint")))
    from teachtf.checkpoint.bundle import BundleReader

    return CheckpointBrowser(BundleReader(os.fspath(prefix)), os.fspath(prefix))
