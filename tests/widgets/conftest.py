"""Graphs to draw: recorded from real TensorFlow, or made up to be awkward. No engine takes part."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

GOLDEN = Path(__file__).parent / "golden"


@dataclass(frozen=True)
class FakeDType:
    name: str

    @property
    def base_dtype(self) -> FakeDType:
        return FakeDType(self.name.removesuffix("_ref"))


@dataclass(frozen=True)
class FakeShape:
    dims: tuple[int | None, ...] | None

    def as_list(self) -> list[int | None]:
        if self.dims is None:
            raise ValueError("as_list() is not defined on an unknown TensorShape.")
        return list(self.dims)


@dataclass(eq=False)
class FakeTensor:
    op: FakeOp
    index: int
    dtype: FakeDType
    shape: FakeShape
    users: list[FakeOp] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"{self.op.name}:{self.index}"

    def consumers(self) -> list[FakeOp]:
        return self.users


@dataclass(eq=False)
class FakeOp:
    graph: FakeGraph
    name: str
    type: str
    inputs: list[FakeTensor]
    control_inputs: list[FakeOp]
    device: str
    attrs: dict[str, Any]
    outputs: list[FakeTensor] = field(default_factory=list)

    def get_attr(self, name: str) -> Any:
        if name not in self.attrs:
            raise ValueError(f"Operation {self.name!r} has no attr named {name!r}.")
        return self.attrs[name]


@dataclass(eq=False)
class FakeVariable:
    name: str
    dtype: FakeDType
    shape: FakeShape
    op: FakeOp
    graph: FakeGraph
    initializer: FakeOp


class FakeGraph:
    """The part of TensorFlow's graph API that pictures are made from."""

    def __init__(self) -> None:
        self.ops: dict[str, FakeOp] = {}
        self.collections: dict[str, list[Any]] = {}

    def add(
        self,
        name: str,
        type: str = "Identity",
        inputs: Sequence[str] = (),
        control: Sequence[str] = (),
        outputs: Sequence[tuple[str, Sequence[int | None] | None]] = (("float32", ()),),
        device: str = "",
        **attrs: Any,
    ) -> FakeOp:
        tensors = [self.as_graph_element(text if ":" in text else text + ":0") for text in inputs]
        op = FakeOp(self, name, type, tensors, [self.ops[text] for text in control], device, attrs)
        for index, (dtype, dims) in enumerate(outputs):
            shape = FakeShape(None if dims is None else tuple(dims))
            op.outputs.append(FakeTensor(op, index, FakeDType(dtype), shape))
        for tensor in tensors:
            tensor.users.append(op)
        self.ops[name] = op
        return op

    def get_operations(self) -> list[FakeOp]:
        return list(self.ops.values())

    def get_operation_by_name(self, name: str) -> FakeOp:
        return self.ops[name]

    def as_graph_element(self, name: str) -> Any:
        if name in self.ops:
            return self.ops[name]
        op, _, index = name.rpartition(":")
        return self.ops[op].outputs[int(index)]

    def get_collection(self, key: str) -> list[Any]:
        return list(self.collections.get(key, []))

    def get_all_collection_keys(self) -> list[str]:
        return list(self.collections)


def recorded(name: str) -> FakeGraph:
    """Reads a graph that was recorded from real TensorFlow."""
    data = json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))
    graph = FakeGraph()
    for row in data["ops"]:
        value = row.pop("value", None)
        attrs = {"value": np.array(value[0], value[1])} if value else {}
        graph.add(**{"outputs": (), **row}, **attrs)
    variables: dict[str, FakeVariable] = {}
    for key, names in data["collections"].items():
        for text in names:
            if text not in variables:
                tensor = graph.as_graph_element(text)
                setter = graph.ops[tensor.op.name + "/Assign"]
                variables[text] = FakeVariable(text, tensor.dtype, tensor.shape, tensor.op, graph, setter)
        graph.collections[key] = [variables[text] for text in names]
    return graph


@pytest.fixture
def image_filter() -> FakeGraph:
    return recorded("image_filter")


@pytest.fixture
def digits() -> FakeGraph:
    return recorded("digits")


@pytest.fixture
def new_graph() -> Callable[[], FakeGraph]:
    return FakeGraph


@pytest.fixture
def golden() -> Path:
    return GOLDEN
