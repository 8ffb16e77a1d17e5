"""Facts of one line: what TensorFlow says to a line of Python, recorded by `record_facts.py`, compared by `test_facts.py`.

Each line of `facts/*.txt` is statements with `;` between them. The `repr` of its last expression is the fact, or the class and
the text of the error that it raises. `x.__enter__()` opens a block that stays open until the end of the line.
"""

from __future__ import annotations

import ast
import re
import threading
import warnings
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).parent / "facts"
GOLDEN = Path(__file__).parent / "golden" / "facts.json"
FAMILIES = sorted(path.stem for path in FOLDER.glob("*.txt"))

# What the lines of a family may use beside `tf` and `np`.
PRELUDES = {
    "indices": """
x, u, h = tf.reshape(tf.range(24), [4, 3, 2]), tf.placeholder(tf.float32), tf.placeholder(tf.float32, [None, 3])
w, s, p, q = tf.constant(1.0), tf.constant("abc"), tf.placeholder(tf.int32, []), tf.placeholder(tf.int32, [])
v = tf.Variable(1, use_resource=False)
graph = tf.get_default_graph()
before = graph.version and len(graph.get_operations())

def made(result):
    facts = []
    for op in graph.get_operations()[before:]:
        attr = op.node_def.attr
        masks = {k: attr[k].i for k in sorted(attr) if "mask" in k}
        told = tf.make_ndarray(attr["value"].tensor).tolist() if op.type == "Const" else masks
        facts.append((op.name, op.type, [i.name for i in op.inputs], told))
    return result, facts
""",
    "imports": """
def OPS():
    return [(o.name, o.type, [i.name for i in o.inputs]) for o in tf.get_default_graph().get_operations()]

def graph_of(build, **how):
    with tf.Graph().as_default() as graph:
        build()
        return graph.as_graph_def(**how)

def sample():
    x = tf.placeholder(tf.float32, [], name="x")
    with tf.name_scope("s"):
        k = tf.constant(3.0, name="k")
    tf.add(x, k, name="y")

def on_devices():
    with tf.device("/task:1"):
        tf.constant(1, name="a")
    tf.constant(1, name="b")

def colocated():
    a = tf.constant(1, name="a")
    with tf.colocate_with(a):
        tf.constant(2, name="b")

GD, DEV, COL = graph_of(sample), graph_of(on_devices), graph_of(colocated)
MM = graph_of(lambda: tf.matmul([[1.0]], [[2.0]], name="m"))
SHAPES = graph_of(lambda: tf.placeholder(tf.float32, [None, 2], name="p"), add_shapes=True)

def nodes(*specs):
    definition = tf.GraphDef()
    for name, op, *inputs in specs:
        node = definition.node.add()
        node.name, node.op = name, op
        node.input.extend(inputs[0] if inputs else [])
    return definition

def node(*spec):
    return nodes(spec)

def changed(definition, name):
    copy = tf.GraphDef.FromString(definition.SerializeToString())
    return copy, next(n for n in copy.node if n.name == name)

def with_attr(definition, name, key):
    copy, found = changed(definition, name)
    found.attr[key].i = 3
    return copy

def without(definition, name, key):
    copy, found = changed(definition, name)
    del found.attr[key]
    return copy

def typed(definition, name, key, number):
    copy, found = changed(definition, name)
    found.attr[key].type = number
    return copy

def badshape():
    definition = nodes(("a", "Placeholder"), ("b", "Placeholder"), ("m", "MatMul", ["a", "b"]))
    for found in definition.node[:2]:
        found.attr["dtype"].type = 1
        for size in (2, 3):
            found.attr["shape"].shape.dim.add(size=size)
    definition.node[2].attr["T"].type = 1
    return definition

def versions(producer, min_consumer):
    copy, _ = changed(GD, "x")
    copy.versions.producer, copy.versions.min_consumer = producer, min_consumer
    return copy
""",
}


def lines(family: str) -> list[str]:
    """The lines of a family."""
    return (FOLDER / f"{family}.txt").read_text(encoding="utf-8").splitlines()


class _KeepOpen(ast.NodeTransformer):
    """`x.__enter__()` as `enter(x)`: what opens a block is kept until the end."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.func, ast.Attribute) and node.func.attr == "__enter__":
            return ast.Call(ast.Name("enter", ast.Load()), [node.func.value], [])
        return node


def told(tf: Any, family: str, line: str) -> str:
    """The fact of a line, in a graph and a thread of its own: no block that it leaves open outlives it."""
    facts: list[str] = []
    thread = threading.Thread(target=lambda: facts.append(_told(tf, family, line)))
    thread.start()
    thread.join()
    return facts[0]


def _told(tf: Any, family: str, line: str) -> str:
    text = f"made({line})" if family == "indices" else line
    opened = ExitStack()
    names = {"tf": tf, "np": np, "enter": lambda block: opened.enter_context(block)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        opened.enter_context(tf.Graph().as_default())
        try:
            exec(PRELUDES.get(family, ""), names)
            tree = ast.fix_missing_locations(_KeepOpen().visit(ast.parse(text)))
            last = tree.body.pop()
            exec(compile(tree, "line", "exec"), names)
            return repr(eval(compile(ast.Expression(last.value), "line", "eval"), names))
        except Exception as raised:
            return f"{type(raised).__name__}: {raised}"
        finally:
            try:
                opened.close()
            except Exception:  # blocks that the line closed itself, in another order
                pass


# --- comparing -------------------------------------------------------------------------------------------------------

_ERROR = re.compile(r"(\w+(?:Error|Exception)): (.*)", re.S)
_WORDS = {  # two words for one thing
    "SymbolicTensor": "Tensor",
    "tensorflow.python.framework.ops.Graph": "Graph",
    "teachtf.core.graph.Graph": "Graph",
}


def plain(fact: str) -> str:
    """A fact without addresses in memory and without names of modules."""
    fact = re.sub(r"0x[0-9a-f]+", "0x", fact)
    for theirs, ours in _WORDS.items():
        fact = fact.replace(theirs, ours)
    return fact


def agree(theirs: str, ours: str) -> bool:
    """Whether two facts say the same: equal values, or errors of one class of which ours has the first sentence of theirs."""
    theirs, ours = plain(theirs), plain(ours)
    if theirs == ours:
        return True
    error, mine = _ERROR.fullmatch(theirs), _ERROR.fullmatch(ours)
    if error is None or mine is None or error[1] != mine[1]:
        return False
    return re.split(r"\.\s|\n|: AutoGraph", error[2].split(" for '{{node")[0])[0].rstrip(".") in mine[2]
