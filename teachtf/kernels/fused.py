"""Kernels of several elementwise operations at once: also behind a product, whose rows go through them as soon as they stand,
and into a sum, for which their last result is not written down.

Until the loop of a group is compiled, and for arrays too small to gain by it, its members run one by one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from teachtf.core import dtypes
from teachtf.core.static import constant_value
from teachtf.kernels import registry
from teachtf.kernels.compiling import Compiled
from teachtf.kernels.cpu.formula import Statements, renamed
from teachtf.kernels.elementwise import formula_of
from teachtf.kernels.registry import Call
from teachtf.kernels.serving import loop_code, telling
from teachtf.ops.activations import channel_axis

LARGE = 1 << 12  # elements from which one compiled loop is quicker than a NumPy call for each member
_PRODUCTS = {"MatMul", "Conv2D", "Conv2DBackpropInput"}
_NOT_FUSED = {"Lgamma", "Digamma", "Erfinv", "Igamma", "Igammac", "Betainc", "Zeta", "Polygamma", "Ndtri"}


def expression_of(op: Any) -> tuple[str, tuple[str, ...]] | None:
    """The formula of an operation and the names of its inputs in it; None if it is not elementwise."""
    if op.type == "AddN":
        names = tuple(f"x{i}" for i in range(len(op._inputs)))
        return " + ".join(names), names
    if op.type == "BiasAdd":
        return ("value + bias", ("value", "bias")) if channel_axis(op) == -1 else None
    if op._op_def.formula is None or op.type in _NOT_FUSED:
        return None
    return formula_of(op), tuple(arg.name for arg in op._op_def.inputs)


def is_sum(op: Any) -> bool:
    """Whether elementwise operations can end in `op`: a sum along the last axis and others, or along all but the last."""
    if op.type not in ("Sum", "Mean", "BiasAddGrad") or op.outputs[0]._dtype not in (dtypes.float32, dtypes.float64):
        return False
    ndims = op._inputs[0].shape.ndims
    if not ndims or op.type == "BiasAddGrad":
        return bool(ndims) and channel_axis(op) == -1
    axes = constant_value(op._inputs[1])
    return axes is None or _direction(axes, ndims)[0] != ""


def _direction(given: Any, ndims: int) -> tuple[str, set[int]]:
    """Whether a sum is "across" rows or "down" columns, "" if it is neither; and the axes, counted from the start."""
    axes = {int(axis) % ndims for axis in np.ravel(given)}
    if ndims - 1 in axes:
        return "across", axes
    return "down" if axes and len(axes) == ndims - 1 else "", axes


def is_product(op: Any) -> bool:
    """Whether elementwise operations can follow each row of what `op` computes (`cpu.endings`)."""
    if op.type not in _PRODUCTS or op.outputs[0]._dtype not in (dtypes.float32, dtypes.float64):
        return False
    return op.type == "MatMul" or channel_axis(op) == -1


def statements_of(
    ops: Sequence[Any], inputs: Sequence[Any], outputs: Sequence[Any], source: Callable[[Any], Any]
) -> Statements:
    """What a group computes, as formulas; the arguments are those of `fused`."""
    names = {tensor: f"a{i}" for i, tensor in enumerate(inputs)}
    steps = []
    for i, op in enumerate(ops):
        formula, arguments = expression_of(op) or ("", ())
        steps.append((f"t{i}", renamed(formula, dict(zip(arguments, [names[source(t)] for t in op._inputs], strict=True)))))
        names[op.outputs[0]] = f"t{i}"
    return Statements(tuple(steps), tuple([names[t] for t in outputs]), tuple([names[t] for t in inputs]))


def members_of(
    ops: Sequence[Any],
    inputs: Sequence[Any],
    outputs: Sequence[Any],
    source: Callable[[Any], Any],
    build: Callable[[Any], Call],
) -> Callable[[Sequence[Any]], Any]:
    """The function of the list of inputs that runs a group's members one by one, each by the call that `build` gives."""
    slots = {tensor: i for i, tensor in enumerate(inputs)}
    members = []
    for i, op in enumerate(ops):
        members.append((op, build(op), [slots[source(t)] for t in op._inputs]))
        slots[op.outputs[0]] = len(inputs) + i
    kept = tuple([slots[t] for t in outputs])

    def one_by_one(inputs: Sequence[Any]) -> Any:
        values = list(inputs)
        for op, call, places in members:
            try:
                values.append(call(*[values[i] for i in places]))
            except Exception as error:
                error.teachtf_op = op  # type: ignore[attr-defined]
                raise
        return values[kept[0]] if len(kept) == 1 else tuple([values[i] for i in kept])

    return one_by_one


def fused(
    ops: Sequence[Any],
    inputs: Sequence[Any],
    outputs: Sequence[Any],
    source: Callable[[Any], Any],
    state: registry.State,
    given_up: Any = None,
) -> Call:
    """The call that computes `outputs`, tensors of `ops`, from `inputs`; with several outputs it gives a tuple.

    `source(tensor)` says which of those tensors an operation really takes. The first output may be written over the input
    `given_up`.
    """
    product = next((op for op in ops if is_product(op)), None)
    if is_sum(ops[-1]):
        return _into(ops[-1], ops[:-1], inputs, outputs, source, state)
    if product is not None:
        return _behind(product, [op for op in ops if op is not product], inputs, outputs, source, state)
    order = sorted(range(len(inputs)), key=lambda i: inputs[i] is not given_up)
    updates = int(given_up is not None)
    compiled = Compiled(statements_of(ops, [inputs[i] for i in order], outputs, source), updates)
    one_by_one = members_of(ops, inputs, outputs, source, lambda op: registry.build(op, state))
    single = len(outputs) == 1

    def call(*inputs: Any) -> Any:
        if max([x.size for x in inputs]) < LARGE:
            return one_by_one(inputs)
        arrays = [inputs[i] for i in order]
        try:
            bound = compiled.ready(arrays)
        except ValueError:  # the shapes do not broadcast: the member that meets it says so
            bound = None
        if bound is None:
            return one_by_one(inputs)
        if updates:
            arrays[0] = _own(arrays[0])
        results = [*arrays[:updates], *bound(arrays)]
        return results[0] if single else tuple(results)

    def code(inputs: Sequence[Any]) -> Any:
        arrays = [inputs[i] for i in order]
        return loop_code(compiled, arrays) if max(math.prod(shape) for shape, _ in inputs) >= LARGE else None

    return telling(call, code)


def _own(array: Any) -> Any:
    """`array`, or a copy of it if it can be no whole piece of memory."""
    whole = array.base is None and array.flags.c_contiguous and array.flags.writeable
    return array if whole else np.array(array, order="C")


def _behind(
    product: Any, ops: Sequence[Any], inputs: Sequence[Any], outputs: Sequence[Any], source: Callable[[Any], Any], state: Any
) -> Call:
    """`fused` for a product and the elementwise operations behind it. The first of their results is written over the product's,
    if nobody else wants that."""
    result = product.outputs[0]
    kept = result in outputs
    place = {tensor: i for i, tensor in enumerate(inputs)}
    taken = [place[source(t)] for t in product._inputs]
    others = list(dict.fromkeys(s for op in ops for s in map(source, op._inputs) if s in place))
    made = [t for t in outputs if t is not result]
    compiled = Compiled(statements_of(ops, [result, *others], made, source), updates=int(not kept))
    compute: Any = registry.build(product, state)
    one_by_one = members_of(ops, [*inputs, result], outputs, source, lambda op: registry.build(op, state))
    used = [place[t] for t in others]

    def call(*inputs: Any) -> Any:
        results: dict[Any, Any] = {}

        def ending(computed: Any) -> Any:
            arrays = [computed, *[inputs[i] for i in used]]
            try:
                bound = compiled.ready(arrays) if computed.size >= LARGE else None
            except ValueError:
                return None
            if bound is None or bound.shape != computed.shape:
                return None
            end, outs = bound.ending(arrays)
            results.update(zip(made, outs if kept else [computed, *outs], strict=True))
            return end

        try:
            computed = compute(*[inputs[i] for i in taken], ending=ending)
        except Exception as error:
            error.teachtf_op = product  # type: ignore[attr-defined]
            raise
        if not results:
            return one_by_one([*inputs, computed])
        results[result] = computed
        return results[outputs[0]] if len(outputs) == 1 else tuple([results[t] for t in outputs])

    return telling(call, lambda inputs: compute.code([inputs[i] for i in taken]))


def _into(
    total: Any, ops: Sequence[Any], inputs: Sequence[Any], outputs: Sequence[Any], source: Callable[[Any], Any], state: Any
) -> Call:
    """`fused` for elementwise operations and the sum or mean of one, which is written down if somebody else wants it."""
    result, (summed, *axes_of) = total.outputs[0], [source(t) for t in total._inputs]
    place = {tensor: i for i, tensor in enumerate(inputs)}
    used = list(dict.fromkeys(place[s] for op in ops for s in map(source, op._inputs) if s in place))
    taken, made = [inputs[i] for i in used], [t for t in outputs if t is not result]
    statements = statements_of(ops, taken, made, source)
    name = next(name for op, (name, _) in zip(ops, statements.steps, strict=True) if op.outputs[0] is summed)
    compiled = {way: Compiled(statements._replace(total=name, down=way == "down")) for way in ("across", "down")}
    one_by_one = members_of([*ops, total], inputs, outputs, source, lambda op: registry.build(op, state))
    terms = [*made, *([] if summed in made else [summed])]
    apart, add = fused(ops, taken, terms, source, state), registry.build(total, state)
    ndims, dtype = summed.shape.ndims, result.dtype.as_numpy_dtype
    keeps, mean = total._attrs.get("keep_dims", False), total.type == "Mean"

    def call(*inputs: Any) -> Any:
        arrays = [inputs[i] for i in used]
        if max([x.size for x in arrays]) < LARGE:
            return one_by_one(inputs)
        given = [inputs[place[t]] for t in axes_of]
        way, axes = _direction(given[0] if given else range(ndims - 1), ndims)
        if not way:  # the axes were not known when the plan was made
            values = apart(*arrays)
            results = dict(zip(terms, values if len(terms) > 1 else [values], strict=True))
            results[result] = add(results[summed], *given)
        else:
            try:
                bound = compiled[way].ready(arrays)
            except ValueError:
                bound = None
            if bound is None:
                return one_by_one(inputs)
            sums, outs = bound.totals(arrays, axes) if way == "across" else bound.column_totals(arrays)
            if mean:
                sums /= math.prod([bound.shape[axis] for axis in axes])
            if keeps:
                sums = np.expand_dims(sums, tuple(axes))
            results = dict(zip(made, outs, strict=True))
            results[result] = sums.astype(dtype)
        return results[outputs[0]] if len(outputs) == 1 else tuple([results[t] for t in outputs])

    usual = constant_value(total._inputs[1]) if axes_of else range(ndims - 1)
    likely = compiled[(usual is not None and _direction(usual, ndims)[0]) or "down"]

    def code(inputs: Sequence[Any]) -> Any:
        arrays = [inputs[i] for i in used]
        return loop_code(likely, arrays) if max(math.prod(shape) for shape, _ in arrays) >= LARGE else None

    return telling(call, code)
