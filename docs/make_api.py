"""Writes docs/api.md: which of TensorFlow 1's public names exist here.

    .venv/bin/python docs/make_api.py

TensorFlow's names are recorded by tests/conformance/record_api.py; tests/conformance/test_api.py checks that the page is true.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import teachtf as tf

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "api.md"
GOLDEN = ROOT / "tests" / "conformance" / "golden" / "api.json"

# Area -> names of `tf` itself, namespaces (`tf.errors.*`) and classes whose members are gone through (`tf.Graph.*`).
AREAS: dict[str, tuple[str, list[str], list[str]]] = {
    "Graph and operations": (
        """
        Graph Operation Tensor GraphDef NodeDef AttrValue NameAttrList GraphKeys TensorInfo MetaGraphDef
        RegisterGradient NoGradient NotDifferentiable no_gradient GRAPH_DEF_VERSION GRAPH_DEF_VERSION_MIN_CONSUMER
        GRAPH_DEF_VERSION_MIN_PRODUCER VERSION add_to_collection add_to_collections colocate_with container
        control_dependencies get_collection get_collection_ref get_default_graph get_static_value gradients hessians
        import_graph_def is_symbolic_tensor is_tensor reset_default_graph group tuple no_op identity identity_n
        stop_gradient custom_gradient cond case while_loop Print py_func
        """,
        ["graph_util"],
        ["Graph", "Operation", "Tensor", "GraphKeys"],
    ),
    "Scopes": (
        """
        AUTO_REUSE VariableScope get_local_variable get_variable get_variable_scope make_template name_scope
        no_regularizer op_scope variable_creator_scope variable_op_scope variable_scope fixed_size_partitioner
        min_max_variable_partitioner variable_axis_size_partitioner create_partitioned_variables init_scope
        """,
        [],
        ["VariableScope"],
    ),
    "Variables": (
        """
        Variable VariableAggregation VariableSynchronization all_variables assert_variables_initialized assign
        assign_add assign_sub batch_scatter_update constant_initializer count_up_to disable_resource_variables
        enable_resource_variables glorot_normal_initializer glorot_uniform_initializer global_variables
        global_variables_initializer initialize_all_tables initialize_all_variables initialize_local_variables
        initialize_variables is_variable_initialized local_variables local_variables_initializer model_variables
        moving_average_variables ones_initializer orthogonal_initializer random_normal_initializer
        random_uniform_initializer report_uninitialized_variables resource_variables_enabled scatter_add scatter_div
        scatter_max scatter_min scatter_mul scatter_nd_add scatter_nd_sub scatter_nd_update scatter_sub
        scatter_update tables_initializer trainable_variables truncated_normal_initializer
        uniform_unit_scaling_initializer variables_initializer variance_scaling_initializer zeros_initializer
        """,
        ["initializers"],
        ["Variable", "train.Saver", "train.ExponentialMovingAverage"],
    ),
    "Types and shapes": (
        """
        DType Dimension IndexedSlices QUANTIZED_DTYPES SparseTensor SparseTensorValue TensorShape TensorSpec
        TypeSpec as_dtype bfloat16 bitcast bool broadcast_dynamic_shape broadcast_static_shape cast complex128
        complex64 constant convert_to_tensor convert_to_tensor_or_indexed_slices convert_to_tensor_or_sparse_tensor
        dequantize dimension_at_index dimension_value double ensure_shape float16 float32 float64 half int16 int32
        int64 int8 make_ndarray make_tensor_proto newaxis qint16 qint32 qint8 quantize quantize_v2 quint16 quint8
        register_tensor_conversion_function resource saturate_cast shape shape_n size rank string to_bfloat16
        to_complex128 to_complex64 to_double to_float to_int32 to_int64 uint16 uint32 uint64 uint8 variant
        """,
        ["dtypes"],
        ["DType", "TensorShape", "Dimension", "SparseTensor", "SparseTensorValue", "IndexedSlices"],
    ),
    "Sessions": (
        """
        ConfigProto GPUOptions GraphOptions InteractiveSession OptimizerOptions RunMetadata RunOptions Session
        delete_session_tensor get_default_session get_session_handle get_session_tensor placeholder
        placeholder_with_default sparse_placeholder
        """,
        [],
        ["Session", "InteractiveSession"],
    ),
    "Devices": ("DeviceSpec device", [], ["DeviceSpec"]),
    "Random numbers": (
        """
        get_seed multinomial random_crop random_gamma random_normal random_poisson random_shuffle random_uniform
        set_random_seed truncated_normal
        """,
        ["random"],
        [],
    ),
    "Errors and assertions": (
        """
        Assert OpError assert_equal assert_greater assert_greater_equal assert_integer assert_less assert_less_equal
        assert_near assert_negative assert_non_negative assert_non_positive assert_none_equal assert_positive
        assert_proper_iterable assert_rank assert_rank_at_least assert_rank_in assert_same_float_dtype assert_scalar
        assert_type add_check_numerics_ops check_numerics verify_tensor_all_finite
        """,
        ["errors", "debugging"],
        ["OpError"],
    ),
}

# What stands in the class for an object of it, where attributes are made when the object is.
SAMPLES: dict[str, Callable[[], Any]] = {
    "Graph": tf.Graph,
    "Operation": lambda: tf.no_op(),
    "Tensor": lambda: tf.constant(1),
    "Variable": lambda: tf.Variable(1),
    "VariableScope": lambda: tf.get_variable_scope(),
    "Session": lambda: tf.Session(),
    "DType": lambda: tf.float32,
    "TensorShape": lambda: tf.TensorShape([]),
    "Dimension": lambda: tf.Dimension(1),
    "DeviceSpec": tf.DeviceSpec,
    "OpError": lambda: tf.OpError(None, None, "", 1),
    "train.Saver": lambda: tf.train.Saver([tf.Variable(1)]),
    "train.ExponentialMovingAverage": lambda: tf.train.ExponentialMovingAverage(0.9),
}


def found(path: str) -> Any:
    """The namespace, class or sample that `path` names here, or None."""
    owner: Any = tf
    for part in path.split(".") if path else ():
        owner = getattr(owner, part, None)
    return SAMPLES[path]() if owner is not None and path in SAMPLES else owner


class Page:
    """Lines of Markdown, and a count of names."""

    def __init__(self, recorded: dict[str, dict[str, str]]) -> None:
        self.recorded = recorded
        self.sections: list[str] = []
        self.rows = ["| area | TensorFlow's names | here |", "|---|---:|---:|"]

    def area(self, title: str, groups: list[tuple[str, list[str]]]) -> None:
        """One section: groups are a namespace or class, and its names in TensorFlow."""
        lines, total, here = [f"## {title}", ""], 0, 0
        for path, names in groups:
            owner = found(path)
            there = [n for n in names if owner is not None and hasattr(owner, n)]
            missing = [n for n in names if n not in there]
            total, here = total + len(names), here + len(there)
            lines.append(f"**`tf{'.' + path if path else ''}`**: {len(there)} of {len(names)}.")
            for what, some in (("Here", there), ("Missing", missing)):
                if some:
                    lines.append(f"{what}: {', '.join(f'`{n}`' for n in some)}.")
            lines.append("")
        self.sections += lines
        anchor = title.lower().replace(" ", "-").replace(",", "")
        self.rows.append(f"| [{title}](#{anchor}) | {total} | {here} |")

    def text(self, extra: list[str]) -> str:
        """The whole page."""
        head = [
            "# TensorFlow 1's names, and which of them exist here",
            "",
            "Written by `docs/make_api.py` from the public names of `tensorflow.compat.v1` (recorded by",
            "`tests/conformance/record_api.py`) and of teachtf; a test checks that it is true. What belongs to other products",
            "or to TensorFlow 2 alone (`tf.keras`, `tf.raw_ops`, `tf.distribute`, `tf.data` and the like) is left out.",
            "",
        ]
        tail = ["## Only here", "", f"{', '.join(f'`tf.{n}`' for n in extra)}.", ""]
        return "\n".join([*head, *self.rows, "", *self.sections, *tail])


def page() -> str:
    """The text of docs/api.md."""
    recorded = json.loads(GOLDEN.read_text(encoding="utf-8"))
    result = Page(recorded)
    classes = {path for _, _, members in AREAS.values() for path in members}
    placed: set[str] = set()
    spaces: set[str] = {"", *classes, "RegisterGradient"}
    with tf.Graph().as_default():
        for title, (names, namespaces, members) in AREAS.items():
            own = [n for n in names.split() if n in recorded[""]]
            placed.update(own)
            spaces.update(namespaces)
            result.area(title, [("", sorted(own)), *((path, list(recorded[path])) for path in (*members, *namespaces))])
        result.area("Other functions", [("", [n for n in recorded[""] if n not in placed])])
        others = [path for path in recorded if path not in spaces]
        result.area("Other namespaces", [(path, list(recorded[path])) for path in sorted(others)])
    known = {*recorded[""], *(path.partition(".")[0] for path in recorded)}
    return result.text([n for n in tf.__all__ if n not in known and not n.startswith("_")])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(PAGE.relative_to(ROOT))
