"""The messages of training examples, built at run time: `tf.train.Example` and what it is made of.

The field numbers are TensorFlow's (feature.proto, example.proto), in a pool of their own: TensorFlow in the same process is not
disturbed.
"""

from __future__ import annotations

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_FIELD = descriptor_pb2.FieldDescriptorProto
_LISTS = {"BytesList": _FIELD.TYPE_BYTES, "FloatList": _FIELD.TYPE_FLOAT, "Int64List": _FIELD.TYPE_INT64}
_ONE_OF = {"Feature": ["bytes_list BytesList", "float_list FloatList", "int64_list Int64List"]}
_MAPS = {"Features": "feature Feature", "FeatureLists": "feature_list FeatureList"}
_PLAIN = {
    "FeatureList": ["repeated feature Feature"],
    "Example": ["features Features"],
    "SequenceExample": ["context Features", "feature_lists FeatureLists"],
}


def _message_field(message: Any, text: str, number: int) -> Any:
    *label, name, kind = text.split()
    return message.field.add(
        name=name,
        number=number,
        type=_FIELD.TYPE_MESSAGE,
        type_name=f".tensorflow.{kind}",
        label=_FIELD.LABEL_REPEATED if label else _FIELD.LABEL_OPTIONAL,
    )


def _build() -> dict[str, Any]:
    file = descriptor_pb2.FileDescriptorProto(name="teachtf/example.proto", package="tensorflow", syntax="proto3")
    for name, kind in _LISTS.items():
        file.message_type.add(name=name).field.add(name="value", number=1, type=kind, label=_FIELD.LABEL_REPEATED)
    for name, fields in _ONE_OF.items():
        message = file.message_type.add(name=name)
        message.oneof_decl.add(name="kind")
        for number, text in enumerate(fields, 1):
            _message_field(message, text, number).oneof_index = 0
    for name, text in _MAPS.items():
        message = file.message_type.add(name=name)
        field_name, kind = text.split()
        entry = "".join(part.title() for part in field_name.split("_")) + "Entry"
        nested = message.nested_type.add(name=entry)
        nested.options.map_entry = True
        nested.field.add(name="key", number=1, type=_FIELD.TYPE_STRING, label=_FIELD.LABEL_OPTIONAL)
        _message_field(nested, f"value {kind}", 2)
        _message_field(message, f"repeated {field_name} {name}.{entry}", 1)
    for name, fields in _PLAIN.items():
        message = file.message_type.add(name=name)
        for number, text in enumerate(fields, 1):
            _message_field(message, text, number)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    names = [*_LISTS, *_ONE_OF, *_MAPS, *_PLAIN]
    return {name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"tensorflow.{name}")) for name in names}


_classes = _build()
BytesList = _classes["BytesList"]
FloatList = _classes["FloatList"]
Int64List = _classes["Int64List"]
Feature = _classes["Feature"]
Features = _classes["Features"]
FeatureList = _classes["FeatureList"]
FeatureLists = _classes["FeatureLists"]
Example = _classes["Example"]
SequenceExample = _classes["SequenceExample"]
