"""Types of elements: TensorFlow's numbers, names and look-ups."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from teachtf.core import dtypes


def test_as_tensorflow(differences: Any) -> None:
    for expression, theirs, ours in differences("dtypes"):
        if ".as_numpy_dtype" in expression:  # handles are objects to us, and TensorFlow has no numpy type for them
            assert ours == "<class 'numpy.object_'>" and ("KeyError" in theirs or theirs == "<class 'object'>"), expression
        elif ".limits" in expression:
            assert theirs.startswith("KeyError") and ours.startswith("ValueError"), expression
        else:  # a hint is added
            assert ours.startswith(theirs + " Did you mean "), expression


def test_one_object_for_each_type() -> None:
    for number, dtype in dtypes._BY_NUMBER.items():
        assert dtypes.DType(number) is dtypes.as_dtype(number) is dtypes.as_dtype(dtype.name) is dtype
        assert dtype.as_datatype_enum == number and dtypes.as_dtype(dtype) is dtype
        assert dtype.base_dtype._as_ref.base_dtype is dtype.base_dtype


def test_every_numpy_type_comes_back() -> None:
    for dtype in dtypes._BY_NUMBER.values():
        if dtype.name not in ("resource", "variant") and not dtype._is_ref_dtype:
            assert dtypes.as_dtype(dtype.as_numpy_dtype) is dtype
            assert dtypes.as_dtype(np.dtype(dtype.as_numpy_dtype)) is dtype


def test_reference_types_are_names_of_the_module() -> None:
    assert vars(dtypes)["float32_ref"] is dtypes.float32._as_ref


@pytest.mark.parametrize(
    ("value", "hint"),
    [("flaot32", "'float32'"), ("FLOAT32", "'float32'"), ("int", "tf.int32 or tf.int64"), (str, "tf.string")],
)
def test_hints(value: Any, hint: str) -> None:
    with pytest.raises(TypeError, match=r"to a TensorFlow DType\. Did you mean " + hint):
        dtypes.as_dtype(value)


def test_comparing_with_what_is_no_type_is_false() -> None:
    assert (dtypes.float32 == "flaot32") is False and dtypes.float32 != object() and dtypes.float32 is not None


def test_ml_dtypes_is_imported_late() -> None:
    text = (
        "import sys; from teachtf.core import dtypes as d; before = 'ml_dtypes' in sys.modules; d.bfloat16.size;"
        "print(before, 'ml_dtypes' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=60)
    assert done.stdout == "False True\n", done.stderr
