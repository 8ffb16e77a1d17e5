"""Stacks and tensor arrays of the GPU's arrays: the handles and their rules are the CPU's."""

from __future__ import annotations

from typing import Any

import numpy as np

from teachtf.kernels import registry as cpu
from teachtf.kernels.cpu.formula import Statements
from teachtf.kernels.cuda.arrays import GpuArray, empty, to_gpu, to_host
from teachtf.kernels.cuda.elementwise import Elementwise
from teachtf.kernels.cuda.joining import concatenated
from teachtf.kernels.cuda.registry import gpu_kernel
from teachtf.kernels.cuda.strided import gathered, of_shape, view_of
from teachtf.kernels.registry import Call, State
from teachtf.kernels.tensor_arrays import DONE, List, row_shape


@gpu_kernel("StackV2", "StackPushV2", "StackPopV2", "StackCloseV2", anywhere=True)
@gpu_kernel("TensorArrayV3", "TensorArrayGradV3", "TensorArraySizeV3", "TensorArrayCloseV3", anywhere=True)
def _of_handles(op: Any) -> Call:
    """The CPU's kernels of these look at no element."""
    call = cpu.build(op, State())
    return (lambda size: call(to_host(size))) if op.type in ("StackV2", "TensorArrayV3") else call


_added = Elementwise(Statements((("sum", "x + y"),), ("sum",), ("x", "y")))


def _sum(x: Any, y: Any) -> GpuArray:
    if x.shape != y.shape:
        return to_gpu(np.add(to_host(x), to_host(y)))  # or what is wrong
    return _added(to_gpu(x), to_gpu(y))[0]


@gpu_kernel("TensorArrayWriteV3", anywhere=True)
def _write(op: Any) -> Call:
    def call(array: List, index: Any, value: Any, flow: Any) -> Any:
        array.write(int(to_host(index)), to_gpu(value), _sum)
        return DONE

    return call


@gpu_kernel("TensorArrayReadV3", anywhere=True)
def _read(op: Any) -> Call:
    return lambda array, index, flow: to_gpu(array.read(int(to_host(index))))


@gpu_kernel("TensorArrayGatherV3", anywhere=True)
def _gather(op: Any) -> Call:
    def call(array: List, indices: Any, flow: Any) -> GpuArray:
        places = to_host(indices)
        if not len(places):
            return empty((0, *row_shape(op, "element_shape")), array.dtype)
        values = map(to_gpu, array.read_alike(places))
        return concatenated([value.reshaped((1, *value.shape)) for value in values], 0)

    return call


def _pieces(value: GpuArray, lengths: Any) -> list[GpuArray]:
    """Rows one after another: parts of the same memory."""
    whole = of_shape(value.shape)
    return [gathered(value, view_of(piece, whole)) for piece in np.split(whole, np.cumsum(lengths)[:-1])]


@gpu_kernel("TensorArrayScatterV3", anywhere=True)
def _scatter(op: Any) -> Call:
    def call(array: List, indices: Any, value: Any, flow: Any) -> Any:
        places, value = to_host(indices), to_gpu(value)
        array.check_scatter(places, value.shape[0])
        if len(places):
            for index, piece in zip(places, _pieces(value, np.ones(len(places), int)), strict=True):
                array.write(int(index), piece.reshaped(value.shape[1:]), _sum)
        return DONE

    return call


@gpu_kernel("TensorArrayConcatV3", anywhere=True)
def _concat(op: Any) -> Call:
    def call(array: List, flow: Any) -> Any:
        if not array.elements:
            return empty((0, *row_shape(op, "element_shape_except0")), array.dtype), np.zeros(0, np.int64)
        values = [to_gpu(value) for value in array.read_to_join()]
        return concatenated(values, 0), np.array([value.shape[0] for value in values], np.int64)

    return call


@gpu_kernel("TensorArraySplitV3", anywhere=True)
def _split(op: Any) -> Call:
    def call(array: List, value: Any, lengths: Any, flow: Any) -> Any:
        counts, value = to_host(lengths), to_gpu(value)
        array.check_split(counts, value.shape)
        for i, piece in enumerate(_pieces(value, counts) if len(counts) else []):
            array.write(i, piece, _sum)
        return DONE

    return call
