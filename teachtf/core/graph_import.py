"""Reading a `GraphDef` into a graph. Source: `tf.import_graph_def`."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Any, NamedTuple

from teachtf.core import errors, names, op_def
from teachtf.core.convert import convert_to_tensor
from teachtf.core.dtypes import DType
from teachtf.core.graph import Graph, get_default_graph
from teachtf.core.graph_def import PRODUCER, attr_from_proto
from teachtf.core.op_def import OpDef
from teachtf.core.operation import Operation
from teachtf.core.tensor import Tensor

if TYPE_CHECKING:
    from collections.abc import Mapping


def import_graph_def(
    graph_def: Any,
    input_map: dict[str, Any] | None = None,
    return_elements: Any = None,
    name: str | None = None,
    op_dict: Any = None,
    producer_op_list: Any = None,
) -> list[Any] | None:
    """Add the nodes of a `GraphDef` to the default graph, under the scope `name` ("import" by default, "" for none).

    Args:
      graph_def: the proto, as `Graph.as_graph_def` gives or TensorFlow writes.
      input_map: tensor name in the graph_def -> tensor here, or value, that takes its place.
      return_elements: names of operations ("a/b") and tensors ("a/b:0") to give back.
      name: a prefix for all names.
      op_dict: deprecated in TensorFlow, not used.
      producer_op_list: the `OpList` of the program that wrote the graph: attributes that ops have there and not here are
        left out where they have their default value.

    Raises:
      TypeError: an argument has the wrong type.
      NotFoundError: ops are unknown here (the message lists all).
      ValueError: a name is missing or stands twice, an input does not exist or has another dtype, the nodes make a cycle.

    Source: `tf.import_graph_def`.

    >>> with tf.Graph().as_default() as graph:
    ...     three = tf.constant(3.0, name="three")
    >>> with tf.Graph().as_default():
    ...     tf.import_graph_def(graph.as_graph_def(), return_elements=["three:0"], name="taken")
    [<tf.Tensor 'taken/three:0' shape=() dtype=float32>]
    """
    _check_arguments(graph_def, input_map, return_elements)
    nodes = _read(graph_def, producer_op_list, {_output_of(k) for k in input_map or ()})
    elements = [_element(nodes, text) for text in return_elements or ()]
    graph = get_default_graph()
    graph._check_not_finalized()
    with graph.name_scope("import" if name is None else name or None) as scope:
        replaced = _tensors(input_map or {}, name)
        importer = _Importer(graph, nodes, scope, replaced)
        importer.add_all()
    _check_used(replaced, importer.used, nodes)
    if return_elements is None:
        return None
    return [importer.ops[op] if index is None else importer.ops[op].outputs[index] for op, index in elements]


class Node(NamedTuple):
    """One node to add, checked as far as it can be alone."""

    name: str
    definition: OpDef
    attrs: dict[str, Any]
    inputs: list[tuple[str, int]]
    controls: list[str]
    device: str
    dtypes: list[DType]  # of the outputs


# --- arguments -------------------------------------------------------------------------------------------------------


def _check_arguments(graph_def: Any, input_map: Any, return_elements: Any) -> None:
    from google.protobuf.message import Message

    if not isinstance(graph_def, Message) or graph_def.DESCRIPTOR.name != "GraphDef":
        raise TypeError(f"Argument `graph_def` must be a GraphDef proto. Obtained {type(graph_def).__name__}")
    if input_map is not None and not isinstance(input_map, dict):
        raise TypeError(f"Argument `input_map` must be a dictionary. Obtained {type(input_map).__name__}")
    if not all(isinstance(k, str) for k in input_map or ()):
        raise TypeError(f"All keys for argument `input_map` must be strings. Obtained keys: {list(input_map or ())}")
    if return_elements is not None and not all(isinstance(e, str) for e in return_elements):
        raise TypeError(f"Argument `return_elements` must be a list of strings. Obtained {return_elements}.")
    if graph_def.versions.min_consumer > PRODUCER:
        raise ValueError(
            f"GraphDef min consumer version {graph_def.versions.min_consumer} above current version {PRODUCER}. It was written "
            "by a later TensorFlow than the one whose ops are here."
        )


def _tensors(input_map: Mapping[str, Any], name: str | None) -> dict[tuple[str, int], Tensor]:
    """The tensors that take the place of outputs in the graph_def; plain values become constants."""
    if all(isinstance(v, Tensor) for v in input_map.values()):
        found = dict(input_map)
    elif name == "":
        raise ValueError(
            "tf.import_graph_def() requires a non-empty `name` if `input_map` contains non-Tensor values. Try calling "
            "tf.convert_to_tensor() on `input_map` values before calling tf.import_graph_def()."
        )
    else:
        with get_default_graph().name_scope("_inputs"):
            found = {k: convert_to_tensor(v) for k, v in input_map.items()}
    return {_output_of(k): v for k, v in found.items()}


def _output_of(text: str) -> tuple[str, int]:
    name, _, index = text.partition(":")
    return name, int(index) if index.isdigit() else 0


def _element(nodes: list[Node], text: str) -> tuple[str, int | None]:
    """What a return element names. An import that fails leaves nothing behind, so this is looked at first."""
    name, colon, index = text.partition(":")
    if ":" in index:
        raise ValueError(
            f"Cannot convert '{text}' to a tensor name. Tensor names should not contain more than 1 `:`. "
            f"Obtained {text.count(':')}"
        )
    if colon and not index.isdigit():
        raise ValueError(
            f"Cannot convert '{text}' to a tensor name. Second component of the name following the `:` should be an int. "
            f"Got {index}."
        )
    node = next((n for n in nodes if n.name == name), None)
    if node is None:
        hint = errors.did_you_mean(name, (n.name for n in nodes))
        raise ValueError(f"Requested return {'tensor' if colon else 'node'} '{text}' not found in graph def.{hint}")
    if colon and int(index) >= len(node.dtypes):
        raise ValueError(f"Invalid return output {index} of node '{name}', which has {len(node.dtypes)} output(s)")
    return name, int(index) if colon else None


def _check_used(replaced: Mapping[tuple[str, int], Tensor], used: set[tuple[str, int]], nodes: list[Node]) -> None:
    outputs = {(n.name, i) for n in nodes for i in range(len(n.dtypes))}
    missing = [f"{name}:{index}" for name, index in replaced if (name, index) not in used | outputs]
    if missing:
        raise ValueError(f"Attempted to map inputs that were not found in graph_def: [{', '.join(missing)}]")


# --- nodes -----------------------------------------------------------------------------------------------------------


def _read(graph_def: Any, producer_op_list: Any, mapped: set[tuple[str, int]]) -> list[Node]:
    """The nodes, checked; inputs before users but for the back edges of loops."""
    _check_known(graph_def)
    _check_names(graph_def, mapped)
    producers = {op.name: op for op in producer_op_list.op} if producer_op_list is not None else {}
    nodes = {proto.name: _node(proto, producers.get(proto.op)) for proto in graph_def.node}
    for node in nodes.values():
        for source, index in node.inputs:
            if source not in nodes:
                continue  # may stand in the input map
            if index >= len(nodes[source].dtypes):
                raise ValueError(
                    f"Node '{node.name}': Connecting to invalid output {index} of source node {source} which has "
                    f"{len(nodes[source].dtypes)} outputs."
                )
        expected = node.definition.input_dtypes(node.attrs)
        if len(node.inputs) != len(expected):
            raise ValueError(
                f"NodeDef expected inputs '{', '.join(d.name for d in expected)}' do not match {len(node.inputs)} inputs "
                f"specified; {node.definition!r}; NodeDef: {node.name}"
            )
    return _in_order(nodes)


def _check_names(graph_def: Any, mapped: set[tuple[str, int]]) -> None:
    found: set[str] = set()
    for proto in graph_def.node:
        if not names.is_op_name(proto.name):
            raise ValueError(f"Node '{proto.name}': Node name contains invalid characters")
        if proto.name in found:
            raise ValueError(f"Node '{proto.name}' is not unique")
        found.add(proto.name)
    for proto in graph_def.node:
        for text in proto.input:
            if _output_of(text.removeprefix("^"))[0] not in found and _output_of(text) not in mapped:
                raise ValueError(f"Node '{proto.name}': Unknown input node '{text}'")


def _check_known(graph_def: Any) -> None:
    users: dict[str, list[str]] = {}
    for node in graph_def.node:
        users.setdefault(node.op, []).append(node.name)
    unknown = sorted(set(users) - set(op_def.registry()))
    if not unknown:
        return
    listed = "; ".join(f"{op} ({len(users[op])}, as '{users[op][0]}')" for op in unknown)
    functions = sorted(f.signature.name for f in graph_def.library.function)
    hint = (
        f" Its library has functions ({', '.join(functions)}), which do not run here: write the graph with "
        "tf.disable_control_flow_v2() and without tf.function."
        if functions
        else ""
    )
    raise errors.NotFoundError(
        None,
        None,
        f"Op type not registered '{unknown[0]}' in teachtf. The graph has ops that teachtf does not have: {listed}.{hint}",
    )


def _node(proto: Any, producer: Any) -> Node:
    definition = op_def.lookup(proto.op)
    attrs = {k: attr_from_proto(v) for k, v in proto.attr.items()}
    if producer is not None:
        for attr in producer.attr:
            if attr.name in attrs and attr.name not in definition.attrs and proto.attr[attr.name] == attr.default_value:
                del attrs[attr.name]
    missing = [a.name for a in definition.attrs.values() if a.name not in attrs and a.default is op_def.REQUIRED]
    if missing:
        quoted = ", ".join(f"'{m}'" for m in missing)
        raise ValueError(
            f"NodeDef missing attr{'s' if len(missing) > 1 else ''} {quoted} from {definition!r}; NodeDef: {proto.name}"
        )
    for attr in definition.attrs.values():
        attrs.setdefault(attr.name, attr.default)
    controls = list(dict.fromkeys(t[1:] for t in proto.input if t.startswith("^")))
    inputs = [_output_of(t) for t in proto.input if not t.startswith("^")]
    return Node(proto.name, definition, attrs, inputs, controls, proto.device, definition.output_dtypes(attrs))


def _is_back_edge(nodes: Mapping[str, Node], user: Node, source: str) -> bool:
    """Whether this is how the next turn of a loop comes to its head."""
    return "Merge" in user.definition.name and source in nodes and "NextIteration" in nodes[source].definition.name


def _in_order(nodes: dict[str, Node]) -> list[Node]:
    """The nodes in their own order, but none before its inputs."""
    position = {name: i for i, name in enumerate(nodes)}
    every = list(nodes.values())
    users: dict[str, list[int]] = {}
    waits = [0] * len(every)
    for i, node in enumerate(every):
        sources = [s for s, _ in node.inputs if not _is_back_edge(nodes, node, s)] + node.controls
        for source in set(sources) & nodes.keys():
            users.setdefault(source, []).append(i)
            waits[i] += 1
    ready = [i for i, count in enumerate(waits) if not count]
    order = []
    while ready:
        node = every[heapq.heappop(ready)]
        order.append(node)
        for i in users.get(node.name, ()):
            waits[i] -= 1
            if not waits[i]:
                heapq.heappush(ready, i)
    if len(order) < len(every):
        stuck = sorted((n.name for n in every if waits[position[n.name]]), key=position.__getitem__)
        raise ValueError(f"{len(stuck)} nodes in a cycle: {', '.join(stuck[:5])}")
    return order


class _Importer:
    """Adds nodes to a graph under a scope."""

    def __init__(self, graph: Graph, nodes: list[Node], scope: str, replaced: dict[tuple[str, int], Tensor]) -> None:
        self.ops: dict[str, Operation] = {}
        self.used: set[tuple[str, int]] = set()
        self._graph, self._nodes, self._scope, self._replaced = graph, nodes, scope, replaced
        self._names = _free_names(graph, [scope + n.name for n in nodes])
        self._dtypes = {(n.name, i): dtype for n in nodes for i, dtype in enumerate(n.dtypes)}
        self._colocated: list[tuple[Operation, list[bytes]]] = []
        self._back_edges: list[tuple[Operation, int, tuple[str, int]]] = []

    def add_all(self) -> None:
        """Add the nodes, and then close the loops."""
        for node in self._nodes:
            self._check_dtypes(node)
        waits_for = [op for block in self._graph._controls.stack for op in block.control_inputs]
        for node in self._nodes:
            op = self._add(node)
            op._add_control_inputs([self.ops[c] for c in node.controls] + waits_for)
        for op, index, (source, output) in self._back_edges:
            op._update_input(index, self.ops[source].outputs[output])
        for op, groups in self._colocated:
            op._device = next((d for d in map(self._device_of_group, groups) if d), op._device)

    def _check_dtypes(self, node: Node) -> None:
        for i, (key, wanted) in enumerate(zip(node.inputs, node.definition.input_dtypes(node.attrs), strict=True)):
            mine = self._replaced.get(key)
            given = self._dtypes[key] if mine is None else mine._dtype
            if given.base_dtype != wanted.base_dtype or (wanted._is_ref_dtype and not given._is_ref_dtype):
                source = f"{self._scope}{key[0]}:{key[1]}" if mine is None else mine.name
                raise ValueError(
                    f"Input {i} of node {self._scope}{node.name} was passed {_short(given)} from {source} incompatible with "
                    f"expected {_short(wanted)}."
                )

    def _add(self, node: Node) -> Operation:
        graph, name = self._graph, self._names[self._scope + node.name]
        attrs = dict(node.attrs)
        shapes = attrs.pop("_output_shapes", None) or ()
        groups = [self._group(c) for c in attrs.get("_class", ())]
        if groups:
            attrs["_class"] = groups
        inputs: list[Tensor] = []
        waiting: list[tuple[int, tuple[str, int]]] = []
        for i, key in enumerate(node.inputs):
            if key in self._replaced:
                inputs.append(self._replaced[key])
                self.used.add(key)
            elif key[0] in self.ops:
                inputs.append(self.ops[key[0]].outputs[key[1]])
            else:  # the back edge of a loop, for which the head stands in
                waiting.append((i, key))
                inputs.append(inputs[0])
        op = graph._insert(node.definition, inputs, [], attrs, name)
        graph._names.reserve(name)
        others = [c for c in groups if c.startswith(b"loc:@") and c != b"loc:@" + name.encode()]
        if others:
            self._colocated.append((op, others))
        else:
            op._device = node.device
            graph._devices.apply(op)
        graph._colocation.apply(op)
        graph._join_context(op)
        for tensor, shape in zip(op._outputs, shapes, strict=False):
            if tensor._shape.is_compatible_with(shape):
                tensor._shape = tensor._shape.merge_with(shape)
        self._back_edges += [(op, i, key) for i, key in waiting]
        self.ops[node.name] = op
        return op

    def _group(self, group: bytes) -> bytes:
        """A colocation group by the new name of its operation."""
        if not group.startswith(b"loc:@"):
            return group
        name = self._scope + group[5:].decode()
        return b"loc:@" + self._names.get(name, name).encode()

    def _device_of_group(self, group: bytes) -> str:
        op = self._graph._operations.get(group[5:].decode())
        return op._device if op is not None else ""


def _free_names(graph: Graph, wanted: list[str]) -> dict[str, str]:
    """Name in the graph_def, scope included -> a name that no operation and no scope of the graph has."""
    taken: set[str] = set()
    for name in graph._operations:
        while name and name not in taken:
            taken.add(name)
            name = name.rpartition("/")[0]
    own, free = set(wanted), {}
    for name in wanted:
        unique, i = name, 1
        while unique in taken or (unique != name and unique in own):
            unique, i = f"{name}_{i}", i + 1
        taken.add(unique)
        free[name] = unique
    return free


_SHORT = {"float32": "float", "float64": "double", "float16": "half"}


def _short(dtype: DType) -> str:
    """The name of a dtype in TensorFlow's own messages."""
    return _SHORT.get(dtype.base_dtype.name, dtype.base_dtype.name) + ("_ref" if dtype._is_ref_dtype else "")
