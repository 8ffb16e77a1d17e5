"""`tf.test.TestCase`: unittest's, with sessions and comparisons of arrays. Source: `test_util.TensorFlowTestCase`."""

from __future__ import annotations

import random
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from absl.testing import parameterized

from teachtf.core import dtypes, errors
from teachtf.core.devices import canonical_name
from teachtf.core.graph import Graph, _graph_stack, _session_stack, get_default_session, reset_default_graph
from teachtf.core.seeds import set_random_seed
from teachtf.runtime.session import Session

_SEED = 87654321


class TestCase(parameterized.TestCase):
    """A test case whose every test starts from an empty graph and the same seeds.

    Expected values may be arrays, numbers, lists, dictionaries and tensors, which are evaluated first.

    Source: `tf.test.TestCase`.
    """

    def setUp(self) -> None:
        """Clear the graph and set the seeds of Python, NumPy and the graph."""
        super().setUp()
        self._cached: Any = None
        random.seed(_SEED)
        np.random.seed(_SEED)
        _session_stack.reset()
        _graph_stack.reset()
        reset_default_graph()
        set_random_seed(_SEED)

    def tearDown(self) -> None:
        """Close the cached session."""
        if getattr(self, "_cached", None) is not None:
            self._cached.close()
            self._cached = None
        super().tearDown()

    # --- sessions ----------------------------------------------------------------------------------------------------

    @contextmanager
    def session(
        self, graph: Graph | None = None, config: Any = None, use_gpu: bool = True, force_gpu: bool = False
    ) -> Iterator[Session]:
        """A block with a session of its own as the default one."""
        with Session(graph=graph, config=config) as sess:
            yield sess

    @contextmanager
    def cached_session(
        self, graph: Graph | None = None, config: Any = None, use_gpu: bool = True, force_gpu: bool = False
    ) -> Iterator[Session]:
        """A block with the one session of this test as the default one: variables stay from block to block."""
        cached = getattr(self, "_cached", None)
        if cached is None:
            cached = self._cached = Session(graph=graph, config=config)
        elif graph is not None and graph is not cached.graph:
            raise ValueError("The graph used to get the cached session is different than the one that was used to create it.")
        with cached.graph.as_default(), cached.as_default():
            yield cached

    def test_session(
        self, graph: Graph | None = None, config: Any = None, use_gpu: bool = True, force_gpu: bool = False
    ) -> AbstractContextManager[Session]:
        """As `cached_session` without a graph, as `session` with one."""
        return (self.cached_session if graph is None else self.session)(graph, config, use_gpu, force_gpu)

    test_session.__test__ = False  # type: ignore[attr-defined]

    def evaluate(self, tensors: Any) -> Any:
        """The values of tensors, in any structure, in the default session."""
        sess = get_default_session()
        if sess is None:
            with self.cached_session() as sess:
                return sess.run(tensors)
        return sess.run(tensors)

    def get_temp_dir(self) -> str:
        """A folder for this test case."""
        found = getattr(type(self), "_folder", None)
        if found is None:
            found = tempfile.TemporaryDirectory(prefix="teachtf_test_")
            type(self)._folder = found  # type: ignore[attr-defined]
        return str(found.name)

    # --- comparisons -------------------------------------------------------------------------------------------------

    def _array(self, value: Any) -> np.ndarray:
        if hasattr(value, "graph"):
            value = self.evaluate(value)
        return np.asarray(value)

    def assertAllEqual(self, a: Any, b: Any, msg: str | None = None) -> None:
        """Fail unless two arrays have the same shape and elements; NaN equals NaN."""
        x, y = self._array(a), self._array(b)
        self.assertEqual(x.shape, y.shape, f"Shape mismatch: expected {x.shape}, got {y.shape}. {msg or ''}")
        np.testing.assert_array_equal(x, y, msg or "")

    def assertAllClose(self, a: Any, b: Any, rtol: float = 1e-6, atol: float = 1e-6, msg: str | None = None) -> None:
        """Fail unless two arrays, or structures of them, are equal up to a tolerance."""
        if hasattr(a, "_asdict"):
            a = a._asdict()
        if hasattr(b, "_asdict"):
            b = b._asdict()
        if isinstance(a, Mapping) or isinstance(b, Mapping):
            if not (isinstance(a, Mapping) and isinstance(b, Mapping)):
                raise ValueError(f"Can't compare dict to non-dict: {a!r} and {b!r}. {msg or ''}")
            self.assertCountEqual(a, b, msg)
            for key in a:
                self.assertAllClose(a[key], b[key], rtol, atol, f"{msg or ''} at {key!r}")
        elif _ragged(a) or _ragged(b):
            self.assertEqual(len(a), len(b), f"Mismatched length. {msg or ''}")
            for i, (one, other) in enumerate(zip(a, b, strict=True)):
                self.assertAllClose(one, other, rtol, atol, f"{msg or ''} at [{i}]")
        else:
            x, y = self._array(a), self._array(b)
            self.assertEqual(x.shape, y.shape, f"Shape mismatch: expected {x.shape}, got {y.shape}. {msg or ''}")
            np.testing.assert_allclose(x, y, rtol=rtol, atol=atol, err_msg=msg or "")

    def assertAllCloseAccordingToType(
        self,
        a: Any,
        b: Any,
        rtol: float = 1e-6,
        atol: float = 1e-6,
        float_rtol: float = 1e-6,
        float_atol: float = 1e-6,
        half_rtol: float = 1e-3,
        half_atol: float = 1e-3,
        bfloat16_rtol: float = 1e-2,
        bfloat16_atol: float = 1e-2,
        msg: str | None = None,
    ) -> None:
        """As `assertAllClose`, with a tolerance for each precision; the least precise of both arrays decides."""
        x, y = self._array(a), self._array(b)
        names = {x.dtype.name, y.dtype.name}
        for kinds, r, t in (
            ({"float32", "complex64"}, float_rtol, float_atol),
            ({"float16"}, half_rtol, half_atol),
            ({"bfloat16"}, bfloat16_rtol, bfloat16_atol),
        ):
            if names & kinds:
                rtol, atol = max(rtol, r), max(atol, t)
        self.assertAllClose(x, y, rtol, atol, msg)

    def assertNotAllClose(self, a: Any, b: Any, rtol: float = 1e-6, atol: float = 1e-6, msg: str | None = None) -> None:
        """Fail if two arrays are equal up to a tolerance."""
        try:
            self.assertAllClose(a, b, rtol, atol, msg)
        except AssertionError:
            return
        raise AssertionError(f"The two values are close at all elements. {msg or ''}")

    def assertNotAllEqual(self, a: Any, b: Any, msg: str | None = None) -> None:
        """Fail if two arrays are equal."""
        try:
            self.assertAllEqual(a, b)
        except AssertionError:
            return
        raise AssertionError(f"The two values are equal at all elements. {msg or ''}")

    def assertAllGreater(self, a: Any, comparison_target: Any) -> None:
        """Fail unless all elements are greater than a number."""
        self._all(self._array(a) > comparison_target, a, f"are not greater than {comparison_target}")

    def assertAllLess(self, a: Any, comparison_target: Any) -> None:
        """Fail unless all elements are less than a number."""
        self._all(self._array(a) < comparison_target, a, f"are not less than {comparison_target}")

    def assertAllGreaterEqual(self, a: Any, comparison_target: Any) -> None:
        """Fail unless all elements are at least a number."""
        self._all(self._array(a) >= comparison_target, a, f"are less than {comparison_target}")

    def assertAllLessEqual(self, a: Any, comparison_target: Any) -> None:
        """Fail unless all elements are at most a number."""
        self._all(self._array(a) <= comparison_target, a, f"are greater than {comparison_target}")

    def assertAllInRange(
        self, target: Any, lower_bound: Any, upper_bound: Any, open_lower_bound: bool = False, open_upper_bound: bool = False
    ) -> None:
        """Fail unless all elements lie between two bounds, which are in the range unless it is said to be open there."""
        x = self._array(target)
        above = x > lower_bound if open_lower_bound else x >= lower_bound
        below = x < upper_bound if open_upper_bound else x <= upper_bound
        self._all(above & below, target, f"are not between {lower_bound} and {upper_bound}")

    def assertAllInSet(self, target: Any, expected_set: Any) -> None:
        """Fail unless all elements are in a collection."""
        self._all(np.isin(self._array(target), list(expected_set)), target, f"are not in {expected_set}")

    def _all(self, right: Any, value: Any, what: str) -> None:
        if not np.all(right):
            wrong = self._array(value)[~np.asarray(right)]
            raise AssertionError(f"{wrong.size} elements {what}: {wrong.ravel()[:10]}")

    def assertShapeEqual(self, input_a: Any, input_b: Any, msg: str | None = None) -> None:
        """Fail unless an array or tensor has the shape of another."""
        shapes = [list(v.shape.as_list() if hasattr(v.shape, "as_list") else v.shape) for v in (input_a, input_b)]
        self.assertAllEqual(shapes[0], shapes[1], msg)

    def assertDTypeEqual(self, target: Any, expected_dtype: Any) -> None:
        """Fail unless the elements are of a type."""
        got = self._array(target).dtype
        wanted = dtypes.as_dtype(expected_dtype).as_numpy_dtype
        self.assertEqual(got, np.dtype(wanted), f"Expected data type {wanted}, got {got}")

    def assertNear(self, f1: float, f2: float, err: float, msg: str | None = None) -> None:
        """Fail unless two numbers are no further apart than `err`."""
        self.assertTrue(f1 == f2 or abs(f1 - f2) <= err, f"{f1} != {f2} +/- {err}{f' ({msg})' if msg else ''}")

    def assertArrayNear(self, farray1: Any, farray2: Any, err: float, msg: str | None = None) -> None:
        """Fail unless two lists of numbers are near each other, one by one."""
        self.assertEqual(len(farray1), len(farray2), msg)
        for one, other in zip(farray1, farray2, strict=True):
            self.assertNear(float(one), float(other), err, msg)

    def assertNDArrayNear(self, ndarray1: Any, ndarray2: Any, err: float, msg: str | None = None) -> None:
        """Fail unless the distance of two arrays is below `err`."""
        self.assertTrue(np.linalg.norm(self._array(ndarray1) - self._array(ndarray2)) < err, msg)

    def assertDeviceEqual(self, device1: Any, device2: Any, msg: str | None = None) -> None:
        """Fail unless two device names mean the same."""
        one, other = canonical_name(device1), canonical_name(device2)
        self.assertEqual(one, other, f"Devices {one} and {other} are not equal. {msg or ''}")

    def assertProtoEquals(
        self, expected_message_maybe_ascii: Any, validate_message: Any, msg: str | None = None, relative_tolerance: Any = None
    ) -> None:
        """Fail unless a message equals another, or what a text says."""
        from google.protobuf import text_format

        expected = expected_message_maybe_ascii
        if isinstance(expected, (str, bytes)):
            expected = text_format.Parse(expected, type(validate_message)())
        self.assertEqual(str(expected), str(validate_message), msg)

    def assertItemsEqual(self, first: Any, second: Any, msg: str | None = None) -> None:
        """The older name of `assertCountEqual`."""
        self.assertCountEqual(first, second, msg)

    # --- errors ------------------------------------------------------------------------------------------------------

    @contextmanager
    def assertRaisesWithPredicateMatch(  # type: ignore[override]
        self, exception_type: Any, expected_err_re_or_predicate: Any
    ) -> Iterator[None]:
        """A block that must raise an error of a class, whose text matches a pattern, or for which a function is true."""
        matches: Callable[[Exception], Any] = expected_err_re_or_predicate
        if not callable(expected_err_re_or_predicate):

            def matches(error: Exception) -> Any:
                return re.search(str(expected_err_re_or_predicate), str(error))

        try:
            yield
        except Exception as error:
            if not isinstance(error, exception_type) or not matches(error):
                raise AssertionError(f"Exception of type {type(error)}: {error}") from error
        else:
            self.fail(f"{getattr(exception_type, '__name__', exception_type)} not raised")

    def assertRaisesOpError(self, expected_err_re_or_predicate: Any) -> AbstractContextManager[None]:
        """A block that must raise an OpError, as `assertRaisesWithPredicateMatch` says."""
        return self.assertRaisesWithPredicateMatch(errors.OpError, expected_err_re_or_predicate)


def _ragged(value: Any) -> bool:
    """Whether a list holds more than numbers: tensors, dictionaries, or rows of different lengths."""
    if not isinstance(value, (list, tuple)):
        return False
    if any(isinstance(v, Mapping) or hasattr(v, "graph") or _ragged(v) for v in value):
        return True
    try:
        return np.asarray(value).dtype.kind == "O"
    except ValueError:
        return True


def get_temp_dir() -> str:
    """A folder for the tests of this run. Source: `tf.test.get_temp_dir`."""
    folder = Path(tempfile.gettempdir()) / "teachtf_tests"
    folder.mkdir(exist_ok=True)
    return str(folder)


def create_local_cluster(num_workers: int, num_ps: int, **settings: Any) -> tuple[list[Any], list[Any]]:
    """Servers of a cluster in this process: those of the workers, and those of the parameter servers.

    Args:
      settings: `worker_config` and `ps_config`, the ConfigProtos of the servers.

    Source: `tf.test.create_local_cluster`.
    """
    from teachtf.runtime.cluster import ClusterSpec, Server, free_addresses

    addresses = free_addresses(num_workers + num_ps)
    spec = ClusterSpec({"worker": addresses[:num_workers], "ps": addresses[num_workers:]})
    workers, keepers = (
        [Server(spec, job, task, config=settings.get(f"{job}_config")) for task in range(number)]
        for job, number in (("worker", num_workers), ("ps", num_ps))
    )
    return workers, keepers
