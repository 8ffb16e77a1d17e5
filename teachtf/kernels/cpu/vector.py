"""The vector microkernel: a small tile of a matrix product, held in registers, as LLVM vector code.

A tile is ``height`` rows of A times one or two vectors of B's columns. For each k it loads the vectors of B once,
broadcasts one element of each row of A and does ``height * vectors`` fused multiply-adds; the sums stay in registers
until the last k. LLVM does not find this shape by itself from scalar loops, so the code is emitted through llvmlite.

Rows of A are given by a table of offsets and the k-axis by segments, so that A may be a matrix, its transpose, or an
image whose overlapping windows are the rows of a convolution: nothing is copied to make it a matrix first.
"""

from __future__ import annotations

from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir
from numba.core import cgutils, config, types
from numba.extending import intrinsic

__all__ = [
    "CACHE_LINE",
    "DOUBLE_HEIGHTS",
    "SINGLE_HEIGHTS",
    "VECTOR_BYTES",
    "address_of",
    "make_tile",
    "move",
    "will_read",
    "will_write",
]


def _vector_bytes() -> int:
    """The widest vector of the CPU that Numba compiles for: this one, unless its settings name another."""
    chosen = config.CPU_FEATURES  # type: ignore[attr-defined]
    features = set((llvm.get_host_cpu_features().flatten() if chosen is None else chosen).split(","))
    if "+avx512f" in features:
        return 64
    return 32 if {"+avx2", "+fma"} <= features else 16


VECTOR_BYTES = _vector_bytes()
CACHE_LINE = 64  # bytes

# Tile heights, tallest first, for tiles two vectors wide and one vector wide. Two vectors times the tallest height,
# plus the vectors of B and a broadcast, fill the register file: 32 registers on AVX-512 and NEON, 16 on AVX2 and SSE.
# Below 8 sums in flight the multiply-add's latency shows, so lower tiles would save nothing.
if VECTOR_BYTES == 64 or llvm.get_process_triple().startswith(("aarch64", "arm64")):
    DOUBLE_HEIGHTS, SINGLE_HEIGHTS = (14, 8, 4), (14, 8, 4)
else:
    DOUBLE_HEIGHTS, SINGLE_HEIGHTS = (6, 4, 2), (12, 6, 2)


_I64, _I32, _BYTE = ir.IntType(64), ir.IntType(32), ir.IntType(8).as_pointer()


def _define_tile(module: ir.Module, element: ir.Type, lanes: int, height: int, vectors: int) -> ir.Function:
    """The tile as a function of its own in `module` (made once): its loop then has the registers to itself.

    Its arguments are those that `make_tile` explains, the addresses as pointers.
    """
    name = f"teachtf_tile_{element}_{lanes}_{height}x{vectors}"
    if name in module.globals:
        return module.globals[name]
    pointer, table = element.as_pointer(), _I64.as_pointer()
    arguments = [pointer, table, table, pointer, pointer, table, *[_I64] * 4, ir.IntType(1)]
    tile = ir.Function(module, ir.FunctionType(ir.VoidType(), arguments), name)
    tile.linkage = "internal"
    tile.attributes.add("noinline")
    a, a_rows, segments, b, c, c_rows, segment_count, segment_length, k_step, b_step, accumulate = tile.args
    vector = ir.VectorType(element, lanes)
    align = 4 if isinstance(element, ir.FloatType) else 8  # an element's: rows start anywhere
    fma = module.globals.get(fma_name := f"llvm.fma.v{lanes}f{8 * align}")
    if fma is None:
        fma = ir.Function(module, ir.FunctionType(vector, [vector] * 3), fma_name)
    zero, one = _I64(0), _I64(1)

    entry = tile.append_basic_block("entry")
    next_segment = tile.append_basic_block("next_segment")
    segment_start = tile.append_basic_block("segment_start")
    step = tile.append_basic_block("step")
    segment_end = tile.append_basic_block("segment_end")
    done = tile.append_basic_block("done")

    def at(builder: ir.IRBuilder, base: ir.Value, index: ir.Value) -> ir.Value:
        return builder.gep(base, [index])

    def load_vector(builder: ir.IRBuilder, address: ir.Value) -> ir.Value:
        return builder.load(builder.bitcast(address, vector.as_pointer()), align=align)

    builder = ir.IRBuilder(entry)
    rows = [at(builder, a, builder.load(at(builder, a_rows, _I64(r)))) for r in range(height)]
    builder.branch(next_segment)

    builder.position_at_end(next_segment)
    s = builder.phi(_I64)
    b_here = builder.phi(pointer)
    sums = [builder.phi(vector) for _ in range(height * vectors)]
    builder.cbranch(builder.icmp_signed("<", s, segment_count), segment_start, done)

    builder.position_at_end(segment_start)
    offset = builder.load(at(builder, segments, s))
    builder.branch(step)

    builder.position_at_end(step)
    left, k, b_k = builder.phi(_I64), builder.phi(_I64), builder.phi(pointer)
    partial = [builder.phi(vector) for _ in sums]
    columns = [load_vector(builder, at(builder, b_k, _I64(v * lanes))) for v in range(vectors)]
    updated = []
    lane_zeros = ir.Constant(ir.VectorType(ir.IntType(32), lanes), None)
    undefined = ir.Constant(vector, ir.Undefined)
    for r, row in enumerate(rows):
        scalar = builder.load(at(builder, row, k))
        first = builder.insert_element(undefined, scalar, ir.IntType(32)(0))
        broadcast = builder.shuffle_vector(first, undefined, lane_zeros)
        updated += [builder.call(fma, [broadcast, columns[v], partial[r * vectors + v]]) for v in range(vectors)]
    left_after = builder.sub(left, one)
    k_after, b_after = builder.add(k, k_step), at(builder, b_k, b_step)
    for phi, start, after in zip(
        [left, k, b_k, *partial],
        [segment_length, offset, b_here, *sums],
        [left_after, k_after, b_after, *updated],
        strict=True,
    ):
        phi.add_incoming(start, segment_start)
        phi.add_incoming(after, step)
    builder.cbranch(builder.icmp_signed("!=", left_after, zero), step, segment_end)

    builder.position_at_end(segment_end)
    s_after = builder.add(s, one)
    builder.branch(next_segment)
    nothing = ir.Constant(vector, None)
    for phi, start, after in zip(
        [s, b_here, *sums], [zero, b, *[nothing] * len(sums)], [s_after, b_after, *updated], strict=True
    ):
        phi.add_incoming(start, entry)
        phi.add_incoming(after, segment_end)

    builder.position_at_end(done)
    for adds in (True, False):
        with builder.if_then(accumulate if adds else builder.not_(accumulate)):
            for r in range(height):
                row = at(builder, c, builder.load(at(builder, c_rows, _I64(r))))
                for v in range(vectors):
                    address = at(builder, row, _I64(v * lanes))
                    value = sums[r * vectors + v]
                    if adds:
                        value = builder.fadd(load_vector(builder, address), value)
                    builder.store(value, builder.bitcast(address, vector.as_pointer()), align=align)
    builder.ret_void()
    return tile


@intrinsic
def address_of(typing_context, array):
    """The address of an array's first element. The array must outlive its use: an argument of the kernel does."""

    def generate(context, builder, signature, values):
        data = context.make_array(signature.args[0])(context, builder, values[0]).data
        return builder.ptrtoint(data, _I64)

    return types.int64(array), generate


@intrinsic
def move(typing_context, like, to, source, count):
    """Copies `count` elements like those of the array `like` between addresses; a constant count becomes a few vector
    moves. Indexing would first ask whether each index is negative, which keeps LLVM from using vectors."""

    def generate(context, builder, signature, values):
        _, target, origin, number = values
        pointer = context.get_value_type(signature.args[0].dtype).as_pointer()
        size = signature.args[0].dtype.bitwidth // 8
        target, origin = builder.inttoptr(target, pointer), builder.inttoptr(origin, pointer)
        cgutils.raw_memcpy(builder, target, origin, number, size)
        return context.get_dummy_value()

    return types.void(like, types.int64, types.int64, types.int64), generate


def make_tile(height: int, vectors: int) -> Any:
    """The microkernel of one size, to be called in Numba code with addresses.

    ``tile(like, a, a_rows, segments, b, c, c_rows, segment_count, segment_length, k_step, b_step, accumulate)`` does,
    for each row r and column j of the tile, k running through the segments::

        c[c_rows[r] + j] (+)= sum over segments s and i < segment_length of
            a[a_rows[r] + segments[s] + i * k_step] * b[k * b_step + j],   k = s * segment_length + i

    a, b and c hold elements like the array `like`'s (float32 or float64), the tables int64.
    """

    def generate(context, builder, signature, values):
        element = context.get_value_type(signature.args[0].dtype)
        lanes = VECTOR_BYTES * 8 // signature.args[0].dtype.bitwidth
        function = _define_tile(builder.module, element, lanes, height, vectors)
        pointers = [
            builder.inttoptr(value, kind) for value, kind in zip(values[1:7], function.function_type.args, strict=False)
        ]
        builder.call(function, [*pointers, *values[7:11], cgutils.as_bool_bit(builder, values[11])])
        return context.get_dummy_value()

    @intrinsic
    def tile(
        typing_context, like, a, a_rows, segments, b, c, c_rows, segment_count, segment_length, k_step, b_step,
        accumulate,
    ):  # fmt: skip
        return types.void(like, *[types.int64] * 10, types.boolean), generate

    return tile


def _prefetching(writes: bool) -> Any:
    """``prefetch(array, index)``: have the cache line of this element fetched, which may lie outside the array."""

    @intrinsic
    def prefetch(typing_context, array, index):
        def generate(context, builder, signature, values):
            data = context.make_array(signature.args[0])(context, builder, values[0]).data
            address = builder.bitcast(builder.gep(data, [values[1]]), _BYTE)
            kind = ir.FunctionType(ir.VoidType(), [_BYTE, _I32, _I32, _I32])
            function = builder.module.declare_intrinsic("llvm.prefetch", [_BYTE], kind)
            builder.call(function, [address, _I32(int(writes)), _I32(3), _I32(1)])  # to the first cache, as data
            return context.get_dummy_value()

        return types.void(array, index), generate

    return prefetch


will_read, will_write = _prefetching(False), _prefetching(True)
