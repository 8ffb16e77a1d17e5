"""The protocol messages of checkpoint files, built at run time.

The field numbers are TensorFlow's (tensor_bundle.proto, tensor_slice.proto, saved_tensor_slice.proto,
checkpoint_state.proto), so the bytes are the same. The package is `teachtf`: a process that loads TensorFlow as well
would otherwise register the same message names twice.
"""

from __future__ import annotations

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_FIELD = descriptor_pb2.FieldDescriptorProto
_TYPES = {
    "bool": _FIELD.TYPE_BOOL,
    "bytes": _FIELD.TYPE_BYTES,
    "double": _FIELD.TYPE_DOUBLE,
    "fixed32": _FIELD.TYPE_FIXED32,
    "int32": _FIELD.TYPE_INT32,
    "int64": _FIELD.TYPE_INT64,
    "string": _FIELD.TYPE_STRING,
    "uint32": _FIELD.TYPE_UINT32,
    "uint64": _FIELD.TYPE_UINT64,
}

# One line a field: "[repeated|oneof] type name = number". Enums are int32 here: the bytes are the same, and a number
# this package does not know survives.
_MESSAGES = {
    "Dim": "int64 size = 1",
    "TensorShapeProto": "repeated Dim dim = 2",
    "VersionDef": """
        int32 producer = 1
        int32 min_consumer = 2
        repeated int32 bad_consumers = 3""",
    "Extent": """
        int64 start = 1
        oneof int64 length = 2""",
    "TensorSliceProto": "repeated Extent extent = 1",
    "BundleHeaderProto": """
        int32 num_shards = 1
        int32 endianness = 2
        VersionDef version = 3""",
    "BundleEntryProto": """
        int32 dtype = 1
        TensorShapeProto shape = 2
        int32 shard_id = 3
        int64 offset = 4
        int64 size = 5
        fixed32 crc32c = 6
        repeated TensorSliceProto slices = 7""",
    # The values of a V1 checkpoint. Packed floats arrive as bytes, which NumPy reads without a Python object a number.
    "TensorValues": """
        repeated bytes float_val = 5
        repeated bytes double_val = 6
        repeated int32 int_val = 7
        repeated bytes string_val = 8
        repeated bytes scomplex_val = 9
        repeated int64 int64_val = 10
        repeated int32 bool_val = 11
        repeated bytes dcomplex_val = 12
        repeated int32 half_val = 13
        repeated uint32 uint32_val = 16
        repeated uint64 uint64_val = 17""",
    "SavedSliceMeta": """
        string name = 1
        TensorShapeProto shape = 2
        int32 type = 3
        repeated TensorSliceProto slice = 4""",
    "SavedTensorSliceMeta": """
        repeated SavedSliceMeta tensor = 1
        VersionDef versions = 2""",
    "SavedSlice": """
        string name = 1
        TensorSliceProto slice = 2
        TensorValues data = 3""",
    "SavedTensorSlices": """
        SavedTensorSliceMeta meta = 1
        SavedSlice data = 2""",
    "CheckpointState": """
        string model_checkpoint_path = 1
        repeated string all_model_checkpoint_paths = 2
        repeated double all_model_checkpoint_timestamps = 3
        double last_preserved_timestamp = 4""",
    # control_flow.proto: branches and loops in a meta graph. A map is a list of entries on the wire.
    "ValuesEntry": """
        string key = 1
        string value = 2""",
    "ValuesDef": """
        repeated string values = 1
        repeated ValuesEntry external_values = 2""",
    "CondContextDef": """
        string context_name = 1
        string pred_name = 2
        string pivot_name = 3
        int32 branch = 4
        ValuesDef values_def = 5
        repeated ControlFlowContextDef nested_contexts = 6""",
    "ControlFlowContextDef": """
        CondContextDef cond_ctxt = 1
        WhileContextDef while_ctxt = 2""",
    "WhileContextDef": """
        string context_name = 1
        int32 parallel_iterations = 2
        bool back_prop = 3
        bool swap_memory = 4
        string pivot_name = 5
        string pivot_for_pred_name = 6
        string pivot_for_body_name = 7
        repeated string loop_exit_names = 8
        ValuesDef values_def = 9
        repeated string loop_enter_names = 10
        string maximum_iterations_name = 11
        repeated ControlFlowContextDef nested_contexts = 12""",
}


def _build() -> dict[str, Any]:
    """Returns the message classes by name."""
    file = descriptor_pb2.FileDescriptorProto(name="teachtf/checkpoint.proto", package="teachtf", syntax="proto3")
    for name, text in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for line in text.strip().splitlines():
            *label, kind, field_name, _, number = line.split()
            field = message.field.add(name=field_name, number=int(number))
            field.label = _FIELD.LABEL_REPEATED if label == ["repeated"] else _FIELD.LABEL_OPTIONAL
            if label == ["oneof"]:
                message.oneof_decl.add(name=f"has_{field_name}")
                field.oneof_index = 0
            if kind in _TYPES:
                field.type = _TYPES[kind]
            else:
                field.type = _FIELD.TYPE_MESSAGE
                field.type_name = f".teachtf.{kind}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"teachtf.{name}")) for name in _MESSAGES}


_classes = _build()
BundleEntryProto = _classes["BundleEntryProto"]
BundleHeaderProto = _classes["BundleHeaderProto"]
CheckpointState = _classes["CheckpointState"]
CondContextDef = _classes["CondContextDef"]
WhileContextDef = _classes["WhileContextDef"]
SavedTensorSlices = _classes["SavedTensorSlices"]
TensorSliceProto = _classes["TensorSliceProto"]
