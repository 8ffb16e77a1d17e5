"""Laws that every declared op obeys: it can be shaped, run, differentiated and cannot reach into what is not its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import teachtf as tf
from teachtf.core.apply import apply_op
from teachtf.core.op_def import NO_GRADIENT, NOT_DIFFERENTIABLE, registry
from teachtf.kernels.registry import ALIASING, State, build, registered

GRADIENTS = json.loads((Path(__file__).parent / "golden_gradients.json").read_text(encoding="utf-8"))
RANDOM = {"Multinomial", "RandomShuffle", "RandomStandardNormal", "RandomUniform", "RandomUniformInt", "TruncatedNormal"}
# Their gradient functions belong to TensorFlow 2's own second derivatives, which nobody asked for yet.
UNWRITTEN = {"FusedBatchNormGrad", "FusedBatchNormGradV3"}
# TensorFlow writes these as functions that give None.
NONE_EVERYWHERE = {"Floor", "Ceil", "Round", "Rint", "FloorDiv", "TruncateDiv", "ArgMax", "ArgMin"}


def fed(sample: Any, dtype: Any = None) -> tuple[list[Any], dict[Any, Any]]:
    """The arguments of the node as placeholders where they are floating, and the feeds for those."""
    feeds: dict[Any, Any] = {}

    def one(value: Any) -> Any:
        if isinstance(value, list):
            return [one(v) for v in value]
        if not np.issubdtype(value.dtype, np.inexact):
            return tf.constant(value)
        array = value if value.dtype.kind == "c" else value.astype(dtype or sample.float_type)
        tensor = tf.placeholder(array.dtype, array.shape)
        feeds[tensor] = array
        return tensor

    return [one(value) for value in sample.inputs], feeds


def outputs_of(result: Any) -> list[Any]:
    return [] if isinstance(result, tf.Operation) else list(result) if isinstance(result, list) else [result]


def run_outputs(sess: tf.Session, outputs: list[Any], feeds: dict[Any, Any]) -> list[Any]:
    if outputs and outputs[0].op.type == "Switch":
        return [None, sess.run(outputs[1], feeds)]
    return sess.run(outputs, feeds)


def test_every_op_has_a_kernel_and_a_sample(samples: Any, elsewhere: set[str]) -> None:
    assert set(registry()) - registered() == set()
    assert set(registry()) - {s.op_type for s in samples} - elsewhere == set()


def test_every_op_has_a_shape_function() -> None:
    assert [name for name, op in registry().items() if not callable(op.shape)] == []


@pytest.mark.parametrize("op_type", sorted(registry()))
def test_gradients_are_there_where_tensorflow_has_them(op_type: str) -> None:
    """Nothing is passed over in silence: what has no gradient in TensorFlow either raises LookupError, or is said not to."""
    gradient, theirs = registry()[op_type].gradient, GRADIENTS.get(op_type)
    if op_type in UNWRITTEN:
        assert gradient is NO_GRADIENT
    elif theirs == "not differentiable" or op_type in NONE_EVERYWHERE:
        assert gradient is NOT_DIFFERENTIABLE
    elif theirs == "gradient":
        assert gradient not in (NOT_DIFFERENTIABLE, NO_GRADIENT)
    elif theirs == "none":
        assert gradient in (NOT_DIFFERENTIABLE, NO_GRADIENT)


def test_an_op_without_a_gradient_is_an_error_and_not_a_zero() -> None:
    x = tf.constant(7.0)
    with pytest.raises(LookupError, match=r"No gradient defined for operation 'Mod' \(op type: TruncateMod\)"):
        tf.gradients(tf.truncatemod(x, 2.0, name="Mod"), x)


def test_values_have_the_shapes_and_dtypes_that_the_graph_promised(sample: Any) -> None:
    arguments, feeds = fed(sample)
    outputs = outputs_of(apply_op(sample.op_type, *arguments, **sample.attrs))
    with tf.Session() as sess:
        if not outputs:
            return
        for tensor, value in zip(outputs, run_outputs(sess, outputs, feeds), strict=True):
            if value is None:
                continue
            assert isinstance(value, bytes) or np.asarray(value).dtype == tensor.dtype.as_numpy_dtype
            assert tensor.shape.is_compatible_with(np.shape(value)), (tensor.shape, np.shape(value))
            assert isinstance(value, (np.ndarray, np.generic, bytes))
            assert np.ndim(value) > 0 or not isinstance(value, np.ndarray), "rank 0 is handed out as a scalar"


def test_shapes_of_unknown_inputs_are_not_wrong(sample: Any) -> None:
    """A shape function that guesses breaks models with a free batch size."""
    arguments, feeds = fed(sample)
    unknown = {}

    def blurred(value: Any, rank: bool) -> Any:
        if isinstance(value, list):
            return [blurred(v, rank) for v in value]
        if value not in feeds:
            return value
        shape = [None] * feeds[value].ndim if rank else None
        tensor = tf.placeholder(value.dtype, shape)
        unknown[tensor] = feeds[value]
        return tensor

    for rank in (True, False):
        unknown.clear()
        outputs = outputs_of(apply_op(sample.op_type, *(blurred(a, rank) for a in arguments), **sample.attrs))
        with tf.Session() as sess:
            if not outputs:
                return
            for tensor, value in zip(outputs, run_outputs(sess, outputs, unknown), strict=True):
                assert value is None or tensor.shape.is_compatible_with(np.shape(value)), (rank, tensor.shape, np.shape(value))


def plain(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_kernels_share_memory_only_where_they_say_so(sample: Any) -> None:
    """Plans copy what is handed out by the list of those that share; one that is missing there leaks the session's memory."""
    arrays = [a for value in sample.inputs for a in plain(value)]
    arrays = [a.astype(sample.float_type) if a.dtype == np.float64 else a for a in arrays]
    before = [a.copy() for a in arrays]
    result = apply_op(sample.op_type, *fed(sample)[0], **sample.attrs)
    op = result if isinstance(result, tf.Operation) else outputs_of(result)[0].op
    with np.errstate(all="ignore"):
        values = build(op, State())(*arrays)
    values = values if isinstance(values, tuple) else (values,)
    shared = any(isinstance(v, np.ndarray) and np.shares_memory(v, a) for v in values for a in arrays)
    assert not shared or sample.op_type in ALIASING
    for array, old in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(array, old)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "int8", "int32", "int64", "uint8", "complex64"])
def test_each_dtype_stays_what_it_is(dtype: str, samples: Any) -> None:
    """NumPy widens: int32 sums to int64, int8 with a Python number, float16 in a formula. What was promised comes out."""
    wanted = tf.as_dtype(dtype)
    with tf.Session() as sess:
        for sample in samples:
            definition = registry()[sample.op_type]
            allowed = definition.attrs["T"].allowed if "T" in definition.attrs else ()
            if (
                wanted not in (allowed or ())
                or sample.op_type in (*RANDOM, "Bitcast")
                or "Tout" in definition.attrs
                or (wanted.is_complex and sample.op_type in NOT_COMPLEX)
            ):
                continue
            typed = [a.type_attr == "T" for a in definition.inputs]
            feeds: dict[Any, Any] = {}

            def one(value: Any, is_typed: bool, feeds: dict[Any, Any] = feeds) -> Any:
                if isinstance(value, list):
                    return [one(v, is_typed) for v in value]
                if not is_typed or value.dtype.kind not in "fi":
                    return tf.constant(value, tf.float32) if value.dtype.kind == "f" else tf.constant(value)
                scaled = value * 4 + 5 if wanted.is_integer and value.dtype.kind == "f" else value
                tensor = tf.placeholder(wanted, value.shape)
                feeds[tensor] = np.asarray(scaled).astype(wanted.as_numpy_dtype)
                return tensor

            arguments = [one(v, t) for v, t in zip(sample.inputs, typed, strict=True)]
            outputs = outputs_of(apply_op(sample.op_type, *arguments, **sample.attrs))
            if sample.op_type == "Switch":
                outputs = outputs[1:]
            for tensor, value in zip(outputs, sess.run(outputs, feeds), strict=True):
                same = isinstance(value, bytes) or np.asarray(value).dtype == tensor.dtype.as_numpy_dtype
                assert same, (sample.op_type, np.asarray(value).dtype)


def differences(sess: tf.Session, total: Any, feeds: dict[Any, Any], x: Any, step: float) -> np.ndarray:
    array = feeds[x]
    result = np.zeros(array.shape)
    for index in np.ndindex(array.shape):
        sides = []
        for sign in (1, -1):
            moved = array.copy()
            moved[index] += sign * step
            sides.append(float(sess.run(total, {**feeds, x: moved})))
        result[index] = (sides[0] - sides[1]) / (2 * step)
    return result


# TensorFlow declares them for complex numbers and has no kernel either.
NOT_COMPLEX = {"FloorDiv", "TruncateDiv", "Cumprod", "Div"}


def weights(tensor: Any) -> Any:
    """Other weights for each element: a gradient that mixes elements up is then found out."""
    dims = tensor.shape
    if not dims.is_fully_defined():
        return tf.constant(1.0, tensor.dtype)
    return tf.constant(np.cos(np.arange(dims.num_elements())).reshape(dims.as_list()), tensor.dtype)


# Inputs for which TensorFlow's gradients are None, whatever the slope.
NO_SLOPE = {("Betainc", 0), ("Betainc", 1), ("MatrixDiagPartV3", 1), ("MatrixDiagV3", 1)}
NO_SLOPE |= {("PadV2", 1), ("Polygamma", 0), ("Zeta", 0)}
NO_DIFFERENCES = {
    "Cholesky",  # reads one triangle and gives the gradient of both: tests/conformance/programs_maths.py
    "RandomGamma",  # each run draws anew: tests/ops/test_random_distributions.py
    "Merge",  # tests/ops/test_control_flow.py
    *("Sign", "StopGradient", "OnesLike", "ZerosLike", "Floor", "Ceil", "Rint", "Round", "FloorDiv", "TruncateDiv"),
    *(
        "MaxPoolGrad",
        "MaxPoolGradGrad",
        "MaxPool3DGrad",
        "MaxPool3DGradGrad",
    ),  # where the maxima lie is no smooth function: tests/ops/test_nn_values.py
    "SparseSoftmaxCrossEntropyWithLogits",  # its second output is a gradient, of which TensorFlow takes none
    "SoftmaxCrossEntropyWithLogits",
    "Switch",
    *("SparseDenseCwiseAdd", "SparseSparseMaximum", "SparseSparseMinimum"),  # TensorFlow raises NotImplementedError
    *("FusedBatchNorm", "FusedBatchNormV3"),  # float32 only; against float64 NumPy in tests/ops/test_nn_values.py
}


def test_gradients_against_differences(sample: Any) -> None:
    definition = registry()[sample.op_type]
    if definition.gradient in (NOT_DIFFERENTIABLE, NO_GRADIENT) or sample.op_type in NO_DIFFERENCES:
        pytest.skip("nothing to differentiate")
    arguments, feeds = fed(sample)
    outputs = [t for t in outputs_of(apply_op(sample.op_type, *arguments, **sample.attrs)) if t.dtype.is_floating]
    xs = [x for x in feeds if x.dtype.is_floating]
    if not xs or not outputs:
        pytest.skip("complex; see test_arithmetic.py")
    total = tf.add_n([tf.reduce_sum(t * weights(t)) for t in outputs])
    gradients = tf.gradients(total, xs)
    step, tolerance = (1e-6, 1e-6) if sample.float_type is np.float64 else (1e-2, 2e-3)
    with tf.Session() as sess:
        for i, (x, gradient) in enumerate(zip(xs, gradients, strict=True)):
            if (sample.op_type, i) in NO_SLOPE:
                assert gradient is None
                continue
            found = np.zeros(x.shape.as_list()) if gradient is None else sess.run(tf.convert_to_tensor(gradient), feeds)
            np.testing.assert_allclose(found, differences(sess, total, feeds, x, step), rtol=tolerance, atol=tolerance)
