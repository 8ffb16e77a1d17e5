"""Meta graphs: a graph with its collections and its saver, in one file. Source: `tensorflow/python/framework/meta_graph.py`."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Sequence
from typing import Any

from teachtf.checkpoint import management
from teachtf.checkpoint.graph_collections import UNBOUND, included, read_collections, write_collection
from teachtf.checkpoint.names import stripped
from teachtf.checkpoint.op_list import declarations, strip_defaults
from teachtf.checkpoint.saver import Saver
from teachtf.checkpoint.saver_ops import all_saveables
from teachtf.core import errors, op_def
from teachtf.core.graph import Graph, get_default_graph
from teachtf.core.graph_import import import_graph_def
from teachtf.core.keys import GraphKeys

TENSORFLOW_VERSION = "2.21.0"  # whose graphs these are
_SAVER_OPS = {"SaveV2", "RestoreV2", "Save", "SaveSlices", "Restore", "RestoreSlice"}


def export_meta_graph(
    filename: str | os.PathLike[str] | None = None,
    meta_info_def: Any = None,
    graph_def: Any = None,
    saver_def: Any = None,
    collection_list: Sequence[str] | None = None,
    as_text: bool = False,
    graph: Graph | None = None,
    export_scope: str | None = None,
    clear_devices: bool = False,
    clear_extraneous_savers: bool = False,
    strip_default_attrs: bool = False,
    save_debug_info: bool = False,
    unbound_inputs_col_name: str | None = "unbound_inputs",
) -> Any:
    """A graph, its collections and its saver as a `MetaGraphDef`, written to `filename` where one is given.

    Args:
      filename: the file; by custom it ends in `.meta`.
      meta_info_def: a `MetaInfoDef` with tags to keep.
      graph_def: the graph as a GraphDef, in the place of `graph`.
      saver_def: the saver, as `Saver.as_saver_def` gives it.
      collection_list: the collections to keep, all by default.
      as_text: write text in the place of bytes.
      graph: the graph, the default one by default.
      export_scope: keep what is under this name scope only, and take the scope off the names.
      clear_devices: leave out on which devices ops run.
      clear_extraneous_savers: leave out the ops of other savers than `saver_def`.
      strip_default_attrs: leave out attributes that have their default value.
      save_debug_info: accepted, not written.
      unbound_inputs_col_name: the collection that names the inputs from outside `export_scope`.

    Raises:
      TypeError: an argument is no proto of its kind.

    Source: `tf.train.export_meta_graph`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default():
    ...     two = tf.constant(2.0, name="two")
    ...     meta = tf.train.export_meta_graph()
    >>> [node.name for node in meta.graph_def.node], [op.name for op in meta.meta_info_def.stripped_op_list.op]
    (['two'], ['Const'])
    """
    from tensorboard.compat.proto import graph_pb2, meta_graph_pb2

    if graph is not None and not isinstance(graph, Graph):
        raise TypeError(f"graph must be of type Graph. Received type: {type(graph)}.")
    for value, kind in ((meta_info_def, "MetaInfoDef"), (graph_def, "GraphDef"), (saver_def, "SaverDef")):
        _check_proto(value, kind)
    graph = graph or get_default_graph()
    whole = graph_def if graph_def is not None else graph.as_graph_def(add_shapes=True)
    excluded = _extraneous(whole, saver_def) if clear_extraneous_savers else set()
    meta = meta_graph_pb2.MetaGraphDef()
    if meta_info_def is not None:
        meta.meta_info_def.MergeFromString(meta_info_def.SerializeToString())
    meta.meta_info_def.tensorflow_version = TENSORFLOW_VERSION
    meta.meta_info_def.tensorflow_git_version = "teachtf"
    if export_scope or clear_extraneous_savers or clear_devices:
        part = graph_pb2.GraphDef(versions=whole.versions)
        unbound: list[str] = []
        for node in whole.node:
            if included(node.name, export_scope, excluded):
                _add_node(part.node.add(), node, export_scope, unbound, clear_devices)
        whole = part
        if unbound_inputs_col_name:
            graph.clear_collection(unbound_inputs_col_name)
            for name in unbound:
                graph.add_to_collection(unbound_inputs_col_name, name)
    meta.graph_def.CopyFrom(whole)
    if not meta.meta_info_def.stripped_op_list.op:
        meta.meta_info_def.stripped_op_list.op.extend(declarations(n.op for n in whole.node))
    if strip_default_attrs:
        strip_defaults(meta.graph_def)
        meta.meta_info_def.stripped_default_attrs = True
    if saver_def is not None:
        meta.saver_def.CopyFrom(saver_def)
    for key in graph.get_all_collection_keys() if collection_list is None else collection_list:
        items = graph.get_collection(key)
        if clear_extraneous_savers and key == GraphKeys.SAVERS:
            items = [] if saver_def is None else [Saver.from_proto(saver_def)]
        write_collection(meta, key, items, export_scope, excluded)
    if filename:
        path = os.fspath(filename)
        management.write_graph(meta, os.path.dirname(path), os.path.basename(path), as_text=as_text)
    return meta


def _check_proto(value: Any, kind: str) -> None:
    if value is not None and getattr(getattr(value, "DESCRIPTOR", None), "name", None) != kind:
        raise TypeError(f"Expected a {kind} proto. Received type: {type(value)}.")


def _add_node(new: Any, node: Any, scope: str | None, unbound: list[str], clear_devices: bool) -> None:
    """Copy a node with `scope` taken off its names; inputs from outside get names that say so."""
    new.CopyFrom(node)
    new.name = stripped(node.name, scope)
    for i, name in enumerate(node.input):
        if scope and not name.lstrip("^").startswith(scope):
            new.input[i] = f"^{UNBOUND}{name[1:]}" if name.startswith("^") else UNBOUND + name
            unbound.append(new.input[i])
        else:
            new.input[i] = stripped(name, scope)
    if scope and "_class" in node.attr:
        groups = [g.decode() for g in node.attr["_class"].list.s]
        del new.attr["_class"].list.s[:]
        new.attr["_class"].list.SetInParent()
        new.attr["_class"].list.s.extend(stripped(g, scope).encode() for g in groups if g.partition("@")[2].startswith(scope))
    if scope and node.op in ("Enter", "RefEnter"):
        new.attr["frame_name"].s = stripped(node.attr["frame_name"].s.decode(), scope).encode()
    if clear_devices:
        new.device = ""


def _extraneous(graph_def: Any, saver_def: Any) -> set[str]:
    """The nodes of other savers than this one: each saver has a name scope of its own."""

    def scope_of(name: str) -> str:
        return name.partition(":")[0].rpartition("/")[0] + "/"

    kept = set() if saver_def is None else {scope_of(saver_def.save_tensor_name), scope_of(saver_def.restore_op_name)}
    scopes = tuple({scope_of(n.name) for n in graph_def.node if n.op in _SAVER_OPS} - kept - {"/"})
    return {n.name for n in graph_def.node if scopes and n.name.startswith(scopes)}


def read_meta_graph_file(filename: str | os.PathLike[str]) -> Any:
    """The `MetaGraphDef` in a file, of bytes or text.

    Raises: OSError where there is none, or the file is something else.
    """
    from google.protobuf import text_format
    from google.protobuf.message import DecodeError
    from tensorboard.compat.proto import meta_graph_pb2

    path = os.fspath(filename)
    if not os.path.isfile(path):
        there = sorted(glob.glob(os.path.join(glob.escape(os.path.dirname(path)), "*.meta")))
        hint = f" Meta graphs there: {', '.join(there[:5])}." if there else ""
        raise OSError(f"File does not exist. Received: {path}.{hint}")
    with open(path, "rb") as file:
        content = file.read()
    try:
        return meta_graph_pb2.MetaGraphDef.FromString(content)
    except DecodeError:
        pass
    try:
        return text_format.Parse(content.decode(), meta_graph_pb2.MetaGraphDef())
    except (UnicodeDecodeError, text_format.ParseError) as error:
        raise OSError(f"Cannot parse file {path}: {error}.") from None


def import_meta_graph(
    meta_graph_or_file: Any,
    clear_devices: bool = False,
    import_scope: str | None = None,
    input_map: dict[str, Any] | None = None,
    graph: Graph | None = None,
    restore_collections_predicate: Callable[[str], bool] = lambda key: True,
    unbound_inputs_col_name: str | None = "unbound_inputs",
) -> Saver | None:
    """Add the graph of a `.meta` file to the default graph, with its collections.

    Args:
      meta_graph_or_file: the file, or a `MetaGraphDef`.
      clear_devices: forget on which devices the ops ran.
      import_scope: a name scope to put all under.
      input_map: name of an input in the file -> tensor that takes its place.
      graph: the graph to add to, in the place of the default one.
      restore_collections_predicate: says of a collection's name whether to add it.
      unbound_inputs_col_name: the collection that names inputs which `input_map` must give.

    Returns:
      The saver of the file, to restore values with; a new one where the file has none; None where there is no variable.

    Raises:
      OSError: the file is not there, or no meta graph.
      ValueError: the graph has ops that teachtf does not know (all are listed), names that are taken, or inputs that are
        not given.

    Source: `tf.train.import_meta_graph`.
    """
    meta = _copied(meta_graph_or_file)
    _check_known(meta, meta_graph_or_file)
    if clear_devices:
        for node in meta.graph_def.node:
            node.device = ""
    _check_bound(meta, input_map, unbound_inputs_col_name)
    graph = graph or get_default_graph()
    with graph.as_default():
        scope = graph.unique_name(import_scope, mark_as_used=False) if import_scope else ""
        import_graph_def(meta.graph_def, name=import_scope or "", input_map=input_map)
        with_trainable = _version(meta.meta_info_def.tensorflow_version) >= (1, 9)
        read_collections(graph, meta, scope, restore_collections_predicate, unbound_inputs_col_name, with_trainable)
        if meta.HasField("saver_def"):
            return Saver(saver_def=meta.saver_def, name=scope)
        return Saver() if all_saveables(scope or None) else None


def _copied(meta_graph_or_file: Any) -> Any:
    from tensorboard.compat.proto import meta_graph_pb2

    if getattr(getattr(meta_graph_or_file, "DESCRIPTOR", None), "name", None) == "MetaGraphDef":
        return meta_graph_pb2.MetaGraphDef.FromString(meta_graph_or_file.SerializeToString())
    if not isinstance(meta_graph_or_file, (str, os.PathLike)):
        raise TypeError(f"import_meta_graph takes a file name or a MetaGraphDef, not {type(meta_graph_or_file).__name__}")
    return read_meta_graph_file(meta_graph_or_file)


def _check_known(meta: Any, source: Any) -> None:
    known = op_def.registry()
    unknown: dict[str, list[str]] = {}
    for node in meta.graph_def.node:
        if node.op not in known:
            unknown.setdefault(node.op, []).append(node.name)
    if not unknown:
        return
    listed = "; ".join(f"{op} ({len(names)}, as '{names[0]}')" for op, names in sorted(unknown.items()))
    hint = ""
    if "VarHandleOp" in unknown:
        hint = (
            " VarHandleOp means resource variables: write the graph with use_resource=False (in TensorFlow 2, after "
            "tf.disable_v2_behavior()), or build the model here and restore its checkpoint by names."
        )
    elif len(unknown) == 1:
        hint = errors.did_you_mean(next(iter(unknown)), known)
    where = source if isinstance(source, (str, os.PathLike)) else "this meta graph"
    raise ValueError(f"{where} needs ops that teachtf does not have: {listed}.{hint}")


def _check_bound(meta: Any, input_map: dict[str, Any] | None, name: str | None) -> None:
    if not name or name not in meta.collection_def:
        return
    wanted = [v.decode() for v in meta.collection_def[name].bytes_list.value]
    missing = [v for v in wanted if v not in (input_map or {})]
    if missing:
        raise ValueError(
            f"Graph contains unbound inputs: {','.join(missing)}. Must provide these inputs through input_map: "
            "import_meta_graph(..., input_map={'" + missing[0] + "': tensor})."
        )


def _version(text: str) -> tuple[int, int]:
    """Major and minor number of a version; of an empty one, a new version's."""
    try:
        major, minor = text.split(".")[:2]
        return int(major), int(minor)
    except ValueError:
        return (2, 0)
