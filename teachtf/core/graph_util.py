"""Smaller graphs from larger ones, for use after training. Source: `tf.graph_util`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from teachtf.core import dtypes, errors
from teachtf.core.graph import Graph
from teachtf.core.operation import Operation
from teachtf.core.shapes import TensorShape
from teachtf.core.tensor_proto import array_to_proto

_VARIABLES = {"VariableV2", "Variable"}


def _source(text: str) -> str:
    """The node that an input of a NodeDef comes from."""
    return text.removeprefix("^").partition(":")[0]


def _groups(node: Any) -> list[str]:
    """The nodes that a node shares a device with."""
    return [c.decode().removeprefix("loc:@") for c in node.attr["_class"].list.s] if "_class" in node.attr else []


def _check(graph_def: Any) -> None:
    if getattr(getattr(graph_def, "DESCRIPTOR", None), "name", None) != "GraphDef":
        raise TypeError(f"graph_def must be a graph_pb2.GraphDef proto, but got type {type(graph_def)}.")


def _with_nodes(graph_def: Any, nodes: Iterable[Any]) -> Any:
    result = type(graph_def)(versions=graph_def.versions, library=graph_def.library)
    result.node.extend(nodes)
    return result


def extract_sub_graph(graph_def: Any, dest_nodes: Iterable[str]) -> Any:
    """The part of a `GraphDef` on which the nodes of these names depend.

    Raises:
      TypeError: `graph_def` is no GraphDef, or `dest_nodes` is one string.
      AssertionError: a node is not in the graph; the message names it.

    Source: `tf.graph_util.extract_sub_graph`.
    """
    _check(graph_def)
    if isinstance(dest_nodes, str):
        raise TypeError(f"dest_nodes must be an iterable of strings, but got type {type(dest_nodes)}.")
    nodes = {node.name: node for node in graph_def.node}
    pending = list(dest_nodes)
    for name in pending:
        if name not in nodes:
            raise AssertionError(f"{name} is not in graph.{errors.did_you_mean(name, nodes)}")
    keep: set[str] = set()
    while pending:
        name = pending.pop()
        if name not in keep and name in nodes:
            keep.add(name)
            pending += [*map(_source, nodes[name].input), *_groups(nodes[name])]
    return _with_nodes(graph_def, (node for node in graph_def.node if node.name in keep))


def convert_variables_to_constants(
    sess: Any,
    input_graph_def: Any,
    output_node_names: Iterable[str],
    variable_names_whitelist: Iterable[str] | None = None,
    variable_names_blacklist: Iterable[str] | None = None,
) -> Any:
    """The part of a graph that computes some nodes, with the values that variables have in a session in their place.

    Args:
      sess: the session that holds the values.
      input_graph_def: the graph, as `sess.graph.as_graph_def()` gives it.
      output_node_names: names of the nodes to compute.
      variable_names_whitelist: only these variables become constants, by default all.
      variable_names_blacklist: these variables stay variables.

    Raises:
      TypeError, AssertionError: as `extract_sub_graph`.
      FailedPreconditionError: a variable has no value yet.

    Source: `tf.graph_util.convert_variables_to_constants`.
    """
    part = extract_sub_graph(input_graph_def, output_node_names)
    allowed = None if variable_names_whitelist is None else set(variable_names_whitelist)
    denied = set(variable_names_blacklist or ())
    chosen = [n for n in part.node if n.op in _VARIABLES and n.name not in denied and (allowed is None or n.name in allowed)]
    values = dict(zip((n.name for n in chosen), sess.run([f"{n.name}:0" for n in chosen]), strict=True)) if chosen else {}
    result = _with_nodes(part, part.node)
    for node in result.node:
        if node.name in values:
            dtype = dtypes.as_dtype(node.attr["dtype"].type).base_dtype
            node.op = "Const"
            for name in [n for n in node.attr if n != "dtype"]:
                del node.attr[name]
            node.attr["dtype"].type = dtype.as_datatype_enum
            node.attr["value"].tensor.CopyFrom(array_to_proto(np.asarray(values[node.name]), dtype))
    return result


def remove_training_nodes(input_graph: Any, protected_nodes: Iterable[str] | None = None) -> Any:
    """A `GraphDef` without the nodes that serve training alone: `CheckNumerics`, and `Identity` and `StopGradient` in the way.

    Nodes that others wait for or are colocated with stay, as do those of the names `protected_nodes`.
    Source: `tf.graph_util.remove_training_nodes`.
    """
    protected = set(protected_nodes or ())
    dropped = {n.name for n in input_graph.node if n.op == "CheckNumerics" and n.name not in protected}
    nodes = [_copy(n, [t for t in n.input if _source(t) not in dropped]) for n in input_graph.node if n.name not in dropped]
    waited_for = {t[1:] for n in nodes for t in n.input if t.startswith("^")}
    waiting = {n.name for n in nodes if any(t.startswith("^") for t in n.input)}
    fixed = protected | waited_for | waiting | {name for n in nodes for name in _groups(n)}
    spliced = {n.name: n.input[0] for n in nodes if n.op in ("Identity", "StopGradient") and n.name not in fixed and n.input}

    def through(text: str) -> str:
        while text.removeprefix("^") in spliced:
            text = spliced[text.removeprefix("^")]
        return text

    result = type(input_graph)()
    result.node.extend(_copy(n, map(through, n.input)) for n in nodes if n.name not in spliced)
    return result


def _copy(node: Any, inputs: Iterable[str]) -> Any:
    result = type(node)()
    result.CopyFrom(node)
    texts = list(inputs)
    del result.input[:]
    result.input.extend(texts)
    return result


def tensor_shape_from_node_def_name(graph: Graph, input_name: str) -> TensorShape:
    """The shape of the tensor that an input of a NodeDef names. Source: `tf.graph_util.tensor_shape_from_node_def_name`."""
    return graph.get_tensor_by_name(input_name if ":" in input_name else f"{input_name}:0").shape


def must_run_on_cpu(node: Any, pin_variables_on_cpu: bool = False) -> bool:
    """Whether an operation or NodeDef has no place on a GPU: strings and integers for the host. Source: `tf.graph_util`."""
    node = node.node_def if isinstance(node, Operation) else node
    if pin_variables_on_cpu and node.op in (*_VARIABLES, "Assign", "AssignAdd", "AssignSub", "VarHandleOp", "ReadVariableOp"):
        return True
    of = {"Const": ("dtype", (dtypes.string, dtypes.int32)), "Cast": ("SrcT", (dtypes.int32,))}
    of |= dict.fromkeys(("DynamicStitch", "ParallelDynamicStitch"), ("T", (dtypes.int32,)))
    attr, kinds = of.get(node.op, ("", ()))
    return bool(kinds) and dtypes.as_dtype(node.attr[attr].type) in kinds
