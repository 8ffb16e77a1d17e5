"""Ranges of work shared by several threads, in compiled code.

Waking a thread through the interpreter costs some fifty microseconds; many kernels take less. So the threads of `threads.py`
wait for a moment in compiled code (`serve`), where they see within a fraction of a microsecond what is put into the *box*: the
address of a task, of its arguments, and how many units there are. Each takes `step` units at a time until none is left.

One job is in the box at a time; threads that wake up late join it. Who finds the box taken (two sessions at once) works alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import llvmlite.binding as llvm
import numba
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from teachtf.kernels.cpu.threads import AWAKE, CALLED_AWAY
from teachtf.kernels.jit import jit

__all__ = ["KEPT", "call_task", "serve", "shared"]

KEPT = 512  # places of eight bytes for a task that is kept, and its arguments

# Places in the box, each in a cache line of its own where threads write it at once.
_TAKEN, _OPEN, _NEXT, _RUNNING, _FAILED = 0, 8, 16, 24, 48
_COUNT, _STEP, _TASK, _ARGUMENTS = range(56, 60)
_POLITE = 256  # looks between two offers of the CPU to others
_I64, _I32, _POINTER = ir.IntType(64), ir.IntType(32), ir.IntType(8).as_pointer()
_TASK_TYPE = ir.FunctionType(_I32, [_I64, _I64, _POINTER])


# --- atomic operations on the box ------------------------------------------------------------------------------------


def _place(context: Any, builder: Any, signature: Any, values: Any) -> Any:
    array = context.make_array(signature.args[0])(context, builder, values[0])
    return builder.gep(array.data, [values[1]])


@intrinsic
def _load(typing_context, box, place):
    def generate(context, builder, signature, values):
        return builder.load_atomic(_place(context, builder, signature, values), "seq_cst", 8)

    return types.int64(box, types.int64), generate


@intrinsic
def _store(typing_context, box, place, value):
    def generate(context, builder, signature, values):
        builder.store_atomic(values[2], _place(context, builder, signature, values), "seq_cst", 8)
        return context.get_dummy_value()

    return types.void(box, types.int64, types.int64), generate


@intrinsic
def _add(typing_context, box, place, value):
    """Adds, and gives what was there before."""

    def generate(context, builder, signature, values):
        return builder.atomic_rmw("add", _place(context, builder, signature, values), values[2], "seq_cst")

    return types.int64(box, types.int64, types.int64), generate


@intrinsic
def _exchange(typing_context, box, place, value):
    """Puts `value` there, and gives what was there before."""

    def generate(context, builder, signature, values):
        return builder.atomic_rmw("xchg", _place(context, builder, signature, values), values[2], "seq_cst")

    return types.int64(box, types.int64, types.int64), generate


@intrinsic
def _pause(typing_context):
    """Tells the CPU that this is a loop that waits."""

    def generate(context, builder, signature, values):
        machine = llvm.get_process_triple().partition("-")[0]
        if machine in ("x86_64", "i686"):
            builder.call(
                cgutils.get_or_insert_function(builder.module, ir.FunctionType(ir.VoidType(), []), "llvm.x86.sse2.pause"), []
            )
        elif machine in ("aarch64", "arm64"):
            hint = ir.FunctionType(ir.VoidType(), [_I32])
            builder.call(cgutils.get_or_insert_function(builder.module, hint, "llvm.aarch64.hint"), [_I32(1)])  # YIELD
        return context.get_dummy_value()

    return types.void(), generate


@intrinsic
def _give_way(typing_context):
    """Lets other threads have the CPU: the one waited for may stand in its queue."""

    def generate(context, builder, signature, values):
        builder.call(cgutils.get_or_insert_function(builder.module, ir.FunctionType(_I32, []), "sched_yield"), [])
        return context.get_dummy_value()

    return types.void(), generate


# --- tasks -----------------------------------------------------------------------------------------------------------


def _task_of(kernel: Any) -> Any:
    """The intrinsic `task_of(arguments)`: the addresses of a function `task(first, last, arguments)` that calls
    `kernel(first, last, *arguments)`, and of the arguments, which live as long as the caller's frame."""

    @intrinsic
    def task_of(typing_context, arguments):
        number, called = types.int64, types.Dispatcher(kernel)
        called = called.get_call_type(typing_context, (number, number, *arguments.types), {})

        def generate(context, builder, signature, values):
            compiled = kernel.get_compile_result(called)
            context.active_code_library.add_linking_library(compiled.library)
            described, convention = compiled.fndesc, context.call_conv
            types_of_callee = described.restype, described.argtypes
            function_type = convention.get_function_type(*types_of_callee)
            callee = cgutils.get_or_insert_function(builder.module, function_type, described.llvm_func_name)
            task = ir.Function(builder.module, _TASK_TYPE, builder.module.get_unique_name("teachtf_task"))
            task.linkage = "internal"
            inner = ir.IRBuilder(task.append_basic_block("entry"))
            packed = inner.load(inner.bitcast(task.args[2], values[0].type.as_pointer()))
            parts = [inner.extract_value(packed, i) for i in range(len(arguments.types))]
            status, _ = convention.call_function(inner, callee, *types_of_callee, [task.args[0], task.args[1], *parts])
            inner.ret(status.code)
            kept = cgutils.alloca_once_value(builder, values[0])
            addresses = [builder.ptrtoint(task, _I64), builder.ptrtoint(kept, _I64)]
            return context.make_tuple(builder, signature.return_type, addresses)

        return types.UniTuple(number, 2)(arguments), generate

    return task_of


@intrinsic
def _keep(typing_context, kept, task, address, arguments):
    """Writes the task to the first place of `kept`, and its arguments, which stand at `address`, behind it."""

    def generate(context, builder, signature, values):
        size = context.get_abi_sizeof(values[3].type)
        if size > 8 * (KEPT - 1):
            raise ValueError(f"Arguments of {size} bytes do not fit.")
        first = context.make_array(signature.args[0])(context, builder, values[0]).data
        builder.store(values[1], first)
        source = builder.inttoptr(values[2], _POINTER)
        cgutils.raw_memcpy(builder, builder.bitcast(builder.gep(first, [_I64(1)]), _POINTER), source, _I64(size), 1)
        return context.get_dummy_value()

    return types.void(kept, types.int64, types.int64, arguments), generate


@intrinsic
def call_task(typing_context, task, first, last, arguments):
    """Calls ``kernel(first, last, *arguments)`` by the addresses of a task and of its arguments; 0 if it did not fail."""

    def generate(context, builder, signature, values):
        task, first, last, arguments = values
        function = builder.inttoptr(task, _TASK_TYPE.as_pointer())
        return builder.sext(builder.call(function, [first, last, builder.inttoptr(arguments, _POINTER)]), _I64)

    return types.int64(*[types.int64] * 4), generate


@numba.njit(nogil=True)
def _work(box, task, arguments, count, step):  # type: ignore[no-untyped-def]
    first = _add(box, _NEXT, step)
    while first < count:
        if call_task(task, first, min(first + step, count), arguments) != 0:
            _store(box, _FAILED, 1)
        first = _add(box, _NEXT, step)


@numba.njit(nogil=True)
def _take(box):  # type: ignore[no-untyped-def]
    """Whether the box is now ours."""
    return _exchange(box, _TAKEN, 1) == 0


@numba.njit(nogil=True)
def _give_out(box, count, step, task, arguments):  # type: ignore[no-untyped-def]
    """Do a job with all who are there, and give the box back."""
    box[_COUNT], box[_STEP], box[_TASK], box[_ARGUMENTS] = count, step, task, arguments
    _store(box, _NEXT, 0)
    _store(box, _OPEN, 1)
    _work(box, task, arguments, count, step)
    _store(box, _OPEN, 0)
    looks = 0
    while _load(box, _RUNNING) != 0:
        looks += 1
        if looks % _POLITE == 0:
            _give_way()
        _pause()
    failed = _exchange(box, _FAILED, 0)
    _store(box, _TAKEN, 0)
    if failed != 0:
        raise RuntimeError("a kernel failed")


def _serve(box, patience):  # type: ignore[no-untyped-def]
    """Do what is put into the box until nothing was for `patience` looks, or somebody calls the threads away."""
    _add(box, AWAKE, 1)
    looks = 0
    while looks < patience and _load(box, CALLED_AWAY) == 0:
        if _load(box, _OPEN) == 0:
            looks += 1
            if looks % _POLITE == 0:
                _give_way()
            _pause()
            continue
        _add(box, _RUNNING, 1)
        # The box may have been closed, or filled anew, between the two looks; while it is open and counts us, its job stays.
        if _load(box, _OPEN) != 0:
            _work(box, box[_TASK], box[_ARGUMENTS], box[_COUNT], box[_STEP])
            looks = 0
        _add(box, _RUNNING, -1)
    _add(box, AWAKE, -1)


serve = jit(_serve, signatures=types.void(types.int64[::1], types.int64))


_SHARED = """\
def shared_{name}(_box, _count, _step, {arguments}):
    if _step < 0:
        _task, _address = _task_of(({arguments},))
        _keep(_box, _task, _address, ({arguments},))
    elif _count > _step and _take(_box):
        _task, _address = _task_of(({arguments},))
        _give_out(_box, _count, _step, _task, _address)
    else:
        _kernel(0, _count, {arguments})
"""


def _apart(flags: Any) -> Any:
    """Tells LLVM that arguments do not overlap, which loops would ask at each start otherwise."""
    flags.noalias = True
    return flags


def shared(kernel: Callable[..., None], *argument_types: Any, **options: Any) -> Callable[..., None]:
    """Compiles `kernel(first, last, *arguments)` to be shared: as `run(box, count, step, *arguments)`; `options` go to Numba.

    ``run(kept, 0, -1, *arguments)`` does nothing but write a task down for `call_task`, in `KEPT` whole numbers: its address,
    and from the second on its arguments, which must be kept alive.

    What it writes to must not overlap any other argument. It is kept in the compile cache as if it stood where `kernel` stands,
    in a file.
    """
    code = kernel.__code__
    inner = numba.njit(**{"nogil": True, "fastmath": {"contract"}, **options})(kernel)
    inner._compiler._customize_flags = _apart
    space = {
        "__name__": kernel.__module__,
        "_kernel": inner,
        "_task_of": _task_of(inner),
        "_keep": _keep,
        "_take": _take,
        "_give_out": _give_out,
    }
    arguments = ", ".join(code.co_varnames[2 : code.co_argcount])
    text = "\n" * (code.co_firstlineno - 1) + _SHARED.format(name=kernel.__name__, arguments=arguments)
    exec(compile(text, code.co_filename, "exec"), space)
    run: Any = space[f"shared_{kernel.__name__}"]
    return jit(run, signatures=types.void(types.int64[::1], types.int64, types.int64, *argument_types))
