"""Whole programs on a GPU: they give what they give on the CPU, and values are where they should be."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import teachtf as tf
from teachtf.kernels.cuda.arrays import GpuArray
from teachtf.runtime.gpus import visible_gpus

pytestmark = [
    pytest.mark.skipif(not visible_gpus(), reason="it takes the simulator, or a GPU"),
    pytest.mark.filterwarnings("ignore::RuntimeWarning"),  # NumPy's settings are each thread's own
]
X = np.linspace(-1, 1, 12, dtype=np.float32).reshape(4, 3)


def both(program: Any, **config: Any) -> list[Any]:
    """What `program(session)` gives on the GPU, after a look that it gives the same on the CPU."""
    results = []
    for device in ("/cpu:0", "/gpu:0"):
        with tf.Graph().as_default(), tf.device(device):
            tf.set_random_seed(7)
            with tf.Session(config=tf.ConfigProto(allow_soft_placement=True, **config)) as sess:
                results.append(program(sess))
    want, have = results
    assert len(want) == len(have)
    for one, other in zip(want, have, strict=True):
        assert type(one) is type(other)
        np.testing.assert_allclose(other, one, rtol=1e-5, atol=1e-6)
    return have


def cells(sess: Any) -> dict[str, Any]:
    return {name: cell.value for name, cell in sess._state.cells.items()}


def the_plan(sess: Any) -> Any:
    return list(sess._plans.values())[-1]


# --- programs --------------------------------------------------------------------------------------------------------


def test_a_regression_learns() -> None:
    def program(sess: Any) -> list[Any]:
        x, y = tf.placeholder(tf.float32, [None, 3]), tf.placeholder(tf.float32, [None])
        w, b = tf.Variable([0.5, -0.5, 0.25], name="w"), tf.Variable(0.0, name="b")
        loss = tf.reduce_mean(tf.square(tf.reduce_sum(x * w, 1) + b - y))
        step = tf.train.AdamOptimizer(0.1).minimize(loss)
        sess.run(tf.global_variables_initializer())
        losses = [sess.run([loss, step], {x: X, y: X[:, 0]})[0] for _ in range(3)]
        if "GPU" in sess.placement()["w"]:
            assert all(isinstance(value, GpuArray) for value in cells(sess).values())
        return [*losses, *sess.run([w, b])]

    losses = both(program)
    assert losses[2] < losses[0]


def test_a_cond_goes_either_way() -> None:
    def program(sess: Any) -> list[Any]:
        x = tf.placeholder(tf.float32, [4, 3])
        found = tf.cond(tf.reduce_sum(x) > 1.0, lambda: [x + 1.0, 2.0 * x], lambda: [tf.exp(x), x])
        (slope,) = tf.gradients(tf.reduce_sum(found[0] * found[1]), x)
        return [v for fed in (X, X + 1) for v in sess.run([*found, slope], {x: fed})]

    both(program)


def test_a_loop_turns() -> None:
    def program(sess: Any) -> list[Any]:
        x = tf.constant(X)
        i, total = tf.while_loop(lambda i, s: i < 3, lambda i, s: [i + 1, s * 0.5 + x], [0, tf.zeros_like(x)])
        far = tf.while_loop(lambda v: tf.reduce_max(v) < 20.0, lambda v: v * 2.0, [x])
        (slope,) = tf.gradients(tf.reduce_sum(far), x)
        return sess.run([i, total, far, slope])

    both(program)


def test_rows_one_after_another() -> None:
    def program(sess: Any) -> list[Any]:
        x = tf.constant(X)
        summed = tf.scan(lambda a, row: tf.tanh(a + row), x, tf.zeros([3]))
        array = tf.TensorArray(tf.float32, 4, clear_after_read=False).unstack(x)
        return sess.run([summed, *tf.gradients(summed, x), array.read(2), array.stack()])

    both(program)


def test_parts_of_a_run() -> None:
    def program(sess: Any) -> list[Any]:
        x, y = tf.placeholder(tf.float32, [4, 3]), tf.placeholder(tf.float32, [3])
        first = tf.exp(x)
        second = first * y
        handle = sess.partial_run_setup([first, second], [x, y])
        given = sess.partial_run(handle, first, {x: X})
        call = sess.make_callable(second, [x, y])
        return [given, sess.partial_run(handle, second, {y: given[0]}), call(X, X[0])]

    both(program)


def test_a_traced_run() -> None:
    def program(sess: Any) -> list[Any]:
        x = tf.placeholder(tf.float32, [4, 3])
        v = tf.Variable(X, name="v")
        y = tf.nn.relu(tf.tanh(x) + v, name="y")
        sess.run(v.initializer)
        metadata = tf.RunMetadata()
        result = sess.run(y, {x: X}, tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE), metadata)
        nodes = {n.node_name: n for d in metadata.step_stats.dev_stats for n in d.node_stats}
        shape = nodes["y"].output[0].tensor_description.shape
        return [result, np.array([d.size for d in shape.dim])]

    both(program)


def test_mixed_devices() -> None:
    with tf.Graph().as_default(), tf.Session(config=tf.ConfigProto(log_device_placement=False)) as sess:
        x = tf.placeholder(tf.float32, [4, 3])
        with tf.device("/gpu:0"):
            a = tf.exp(x) * 2.0
        with tf.device("/cpu:0"):
            b = tf.reduce_sum(a, 1)
            c = tf.py_func(lambda v: v + 1, [b], tf.float32)
        with tf.device("/gpu:0"):
            d = tf.sqrt(c) + x[0, 0]
        want = np.sqrt((np.exp(X) * 2).sum(1) + 1) + X[0, 0]
        np.testing.assert_allclose(sess.run(d, {x: X}), want, rtol=1e-6)
        assert "CPU" in sess.placement()[c.op.name] and "GPU" in sess.placement()[d.op.name]


def test_saved_and_restored(tmp_path: Path) -> None:
    def program(sess: Any) -> list[Any]:
        v, n = tf.Variable(X, name="v"), tf.Variable(3, name="n", dtype=tf.int64)
        saver = tf.train.Saver()
        sess.run(tf.global_variables_initializer())
        saved = saver.save(sess, str(tmp_path / "model"))
        sess.run([v.assign(v * 0.0), n.assign_add(5)])
        changed = sess.run([v, n])
        saver.restore(sess, saved)
        if "GPU" in sess.placement()["v"]:
            assert isinstance(cells(sess)["v"], GpuArray)
        return [*changed, *sess.run([v, n, v + 1.0])]

    both(program)


def test_an_op_without_a_cuda_kernel() -> None:
    def program(sess: Any) -> list[Any]:
        x = tf.placeholder(tf.float32, [None])
        values, where = tf.unique(x * 2.0)
        return sess.run([values, where, tf.exp(values)], {x: [1.0, 2.0, 1.0]})

    both(program)


# --- where values are ------------------------------------------------------------------------------------------------


def test_feeds_and_constants_are_sent_once() -> None:
    with tf.Graph().as_default(), tf.device("/gpu:0"), tf.Session() as sess:
        x, c = tf.placeholder(tf.float32, [4, 3]), tf.constant(X)
        y = [tf.reduce_sum(tf.exp(x) * c), tf.reduce_max(x - c, 0), tf.cond(x[0, 0] > 0, lambda: x * 2.0, lambda: x)]
        sess.run(y, {x: X})
        source = the_plan(sess).source
        assert source.count("send(") == 1
        assert "c" in source and "_gpu0" in source


def test_what_is_fetched_is_the_callers() -> None:
    with tf.Graph().as_default(), tf.device("/gpu:0"), tf.Session() as sess:
        x, v = tf.placeholder(tf.float32, [4, 3]), tf.Variable(X)
        sess.run(v.initializer)
        fed = X.copy()
        assign = tf.assign(v, x)
        sess.run(assign, {x: fed})
        fed[:] = 9
        y = v + 1.0
        total = tf.reduce_sum(y)
        for fetches in ([v, y, total], [y, y, v], [tf.identity(v), v, y]):
            first = sess.run(fetches)
            for value in first:
                if np.ndim(value):
                    value[:] = -5
            np.testing.assert_array_equal(sess.run(v), X)
        given, again = sess.run([x, x * 1.0], {x: fed})
        given[:] = 1
        assert (fed == 9).all() and (again == 9).all()


def test_counters_stay_with_the_host() -> None:
    with tf.Graph().as_default(), tf.device("/gpu:0"), tf.Session() as sess:
        i, _ = tf.while_loop(lambda i, v: i < 4, lambda i, v: [i + 1, v * 2.0], [0, tf.constant(X)])
        assert sess.run(i) == 4
        assert " + " in the_plan(sess).source and " < " in the_plan(sess).source


def test_groups_are_one_kernel_and_stay_on_their_device() -> None:
    with tf.Graph().as_default(), tf.Session() as sess:
        x = tf.placeholder(tf.float32, [None, 3])
        with tf.device("/gpu:0"):
            a = tf.tanh(x) * 2.0 + 1.0
        with tf.device("/cpu:0"):
            b = tf.exp(a) - 1.0
        with tf.device("/gpu:0"):
            c = tf.nn.relu(b) * 0.5
        np.testing.assert_allclose(sess.run(c, {x: X}), np.maximum(np.exp(np.tanh(X) * 2 + 1) - 1, 0) * 0.5, rtol=1e-5)
        groups = the_plan(sess).notes.groups.values()
        assert sorted(len(g.ops) for g in groups if g.gpu == 0) == [2, 3]


def test_groups_of_shapes_that_meet_late() -> None:
    with tf.Graph().as_default(), tf.device("/gpu:0"), tf.Session() as sess:
        x, y = tf.placeholder(tf.float32, [None, None]), tf.placeholder(tf.float32, [None, None])
        a = tf.tanh(x)
        b = a * y
        for shape in ((4, 3), (1, 3), (4, 1)):
            have = sess.run([a, b], {x: X[: shape[0], : shape[1]], y: X})
            np.testing.assert_allclose(have[0], np.tanh(X[: shape[0], : shape[1]]), rtol=1e-5)
            np.testing.assert_allclose(have[1], np.tanh(X[: shape[0], : shape[1]]) * X, rtol=1e-5, atol=1e-7)
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"Incompatible shapes: \[4,2\] vs. \[4,3\]") as raised:
            sess.run(b, {x: X[:, :2], y: X})
        assert raised.value.op is b.op
        sess.run(b, {x: X, y: X})


def test_plans_share_constants() -> None:
    with tf.Graph().as_default(), tf.device("/gpu:0"), tf.Session() as sess:
        c, x = tf.constant(X), tf.placeholder(tf.float32, [4, 3])
        for y in (x + c, x * c, tf.cond(x[0, 0] > 0, lambda: x - c, lambda: x + c)):
            sess.run(y, {x: X})
        held = [v for plan in sess._plans.values() for k, v in plan.run.__globals__.items() if isinstance(v, GpuArray)]
        assert len([v for v in held if v.shape == X.shape]) == 3 and len({id(v) for v in held if v.shape == X.shape}) == 1


def test_each_operation_can_be_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    waits = []
    monkeypatch.setattr("teachtf.kernels.cuda.placed.cuda.synchronize", lambda: waits.append(1))
    for value, number in (("0", 0), ("1", 2)):
        monkeypatch.setenv("TEACHTF_CUDA_SYNC", value)
        with tf.Graph().as_default(), tf.device("/gpu:0"), tf.Session() as sess:
            x = tf.placeholder(tf.float32, [4, 3])
            sess.run(tf.reduce_sum(tf.exp(x)), {x: X})
        assert len(waits) == number


# --- devices ---------------------------------------------------------------------------------------------------------


def test_the_devices_of_a_session() -> None:
    def kinds(**config: Any) -> list[bool]:
        with tf.Session(graph=tf.Graph(), config=tf.ConfigProto(**config)) as sess:
            return [d._gpu is not None for d in sess.list_devices() if d.device_type == "GPU"]

    real = kinds()
    assert real and all(real)
    assert kinds(device_count={"GPU": 0}) == []
    assert kinds(device_count={"GPU": len(real) + 2}) == [*real, False, False]
    assert kinds(gpu_options=tf.GPUOptions(visible_device_list="0")) == [True]
    with pytest.raises(tf.errors.InvalidArgumentError, match="visible_device_list"):
        kinds(gpu_options=tf.GPUOptions(visible_device_list="7,x"))


def test_virtual_gpus_beside_real_ones() -> None:
    with tf.Graph().as_default(), tf.Session(config=tf.ConfigProto(device_count={"GPU": 9})) as sess:
        with tf.device("/gpu:0"):
            a = tf.exp(tf.constant(X) + tf.random_uniform([4, 3]) * 0.0)
        with tf.device("/gpu:8"):
            b = a * 2.0
        np.testing.assert_allclose(sess.run(b), np.exp(X) * 2, rtol=1e-6)


def test_no_gpu_imports_nothing_of_cuda() -> None:
    code = (
        "import teachtf as tf, sys\n"
        "with tf.Session() as sess: sess.run(tf.exp(tf.constant([1.0]) * tf.random_uniform([1])))\n"
        "assert not [m for m in sys.modules if 'cuda' in m and m.startswith('teachtf')]\n"
    )
    environment = {k: v for k, v in os.environ.items() if k != "NUMBA_ENABLE_CUDASIM"} | {"CUDA_VISIBLE_DEVICES": ""}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment, timeout=300)
