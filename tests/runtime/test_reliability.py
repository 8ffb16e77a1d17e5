"""A session under threads, forks, interrupts, without memory, and fed with arrays of every make."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import teachtf as tf

FORKS = pytest.mark.skipif(not hasattr(os, "fork"), reason="a system that cannot fork")
LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits memory as Linux does")


# What hangs ends with the stacks of its threads.
HEAD = """
import faulthandler
import numpy as np, teachtf as tf
faulthandler.dump_traceback_later(200, exit=True)
"""


def run(program, **environment):
    """What a program prints in a process of its own."""
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", HEAD + program]
    kept = {key: value for key, value in os.environ.items() if environment.get(key, value) is not None}
    given = {key: value for key, value in environment.items() if value is not None}
    done = subprocess.run(command, env={**kept, **given}, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    return done.stdout


# --- threads -------------------------------------------------------------------------------------------------------------


def network(width):
    """A loss over two layers and its slopes; large enough for the threads of the kernels."""
    x = tf.placeholder(tf.float32, [None, width])
    w = tf.get_variable("w", initializer=tf.random_normal([width, width], seed=1) * 0.1)
    loss = tf.reduce_sum(tf.nn.softmax(tf.tanh(tf.matmul(x, w))) * tf.exp(x))
    return x, loss, tf.gradients(loss, [x, w])


def test_threads_on_one_session_get_their_own_values():
    x, loss, slopes = network(128)
    batches = [np.random.default_rng(i).normal(size=(200 + i, 128)).astype(np.float32) for i in range(8)]
    with tf.Session() as sess, ThreadPoolExecutor(8) as pool:
        sess.run(tf.global_variables_initializer())
        expected = [sess.run([loss, *slopes], {x: batch}) for batch in batches]
        runs = [(i, pool.submit(sess.run, [loss, *slopes], {x: batches[i]})) for i in list(range(8)) * 5]
        for i, future in runs:
            for got, wanted in zip(future.result(), expected[i], strict=True):
                np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-5)


def test_sessions_at_once_do_not_see_each_other():
    def work(seed):
        with tf.Graph().as_default(), tf.Session() as sess:
            x, loss, _ = network(96)
            count = tf.Variable(0.0)
            step = tf.train.AdamOptimizer(0.01).minimize(loss), tf.assign_add(count, float(seed))
            sess.run(tf.global_variables_initializer())
            batch = np.random.default_rng(seed).normal(size=(64, 96)).astype(np.float32)
            for _ in range(20):
                sess.run(step, {x: batch})
            return sess.run([loss, count], {x: batch})

    alone = [work(seed) for seed in range(4)]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(work, range(4)))
    for (loss, count), (expected, counted) in zip(together, alone, strict=True):
        assert count == counted
        np.testing.assert_allclose(loss, expected, rtol=1e-3)


def test_a_variable_read_while_it_is_assigned_is_one_value_or_the_other():
    v = tf.Variable(tf.zeros([300, 300]))
    value = tf.placeholder(tf.float32, [])
    assign = tf.assign(v, tf.fill([300, 300], value)).op
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        ended = threading.Event()

        def write():
            for i in range(100):
                sess.run(assign, {value: float(i)})
            ended.set()

        writer = threading.Thread(target=write)
        writer.start()
        while not ended.is_set():
            read = sess.run(v)
            assert (read == read[0, 0]).all()
        writer.join()


def test_updates_under_a_lock_are_not_lost():
    count = tf.Variable(0)
    step = tf.assign_add(count, 1, use_locking=True)
    with tf.Session() as sess:
        sess.run(count.initializer)
        lock = threading.Lock()

        def work(_):
            for _ in range(50):
                with lock:
                    sess.run(step)

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(work, range(4)))
        assert sess.run(count) == 200


# --- forks ---------------------------------------------------------------------------------------------------------------

FORK = """
import os
x = tf.placeholder(tf.float32, [None, 256])
v = tf.Variable(tf.ones([256, 256]))
y, more = tf.reduce_sum(tf.tanh(tf.matmul(x, v)) * 2.0), tf.assign_add(v, tf.ones([256, 256]))
batch = np.ones((512, 256), np.float32)
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    before = sess.run(y, {x: batch})  # the threads of the kernels are there now
    child = os.fork()
    if child == 0:
        sess.run(more)
        good = sess.run(y, {x: batch}) == before and sess.run(v)[0, 0] == 2
        os._exit(42 if good else 1)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), sess.run(v)[0, 0], sess.run(y, {x: batch}) == before)
"""

POOL = """
import multiprocessing
x = tf.placeholder(tf.float32, [None, 200])
y = tf.reduce_sum(tf.matmul(x, x, transpose_b=True) + tf.exp(x[:, :1]))
sess = tf.Session()
def work(seed):
    return float(sess.run(y, {x: np.full((200, 200), seed, np.float32)}))
if __name__ == "__main__":
    alone = [work(seed) for seed in range(4)]
    with multiprocessing.get_context("fork").Pool(2) as pool:
        print(np.allclose(pool.map(work, range(4)), alone))
"""


@FORKS
def test_a_forked_child_goes_on_with_the_session():
    assert run(FORK) == "42 1.0 True\n"


@FORKS
def test_workers_of_multiprocessing_run_the_parents_session():
    assert run(POOL) == "True\n"


# --- interrupts ----------------------------------------------------------------------------------------------------------

INTERRUPT = """
import os, signal, threading, time
v = tf.Variable(tf.zeros([400, 400]))
step = tf.assign_add(v, tf.ones([400, 400]))
x = tf.placeholder(tf.float32, [None, None])
loop = tf.while_loop(lambda i, a: i < 10**9, lambda i, a: (i + 1, a * 1.0), [tf.constant(0), tf.constant(1.0)])[0]
with tf.control_dependencies([step]):
    chain = tf.identity(x)
    for _ in range(3000):
        chain = tf.matmul(chain, x)
large = tf.matmul(x, x)
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    small = np.eye(2, dtype=np.float32)
    sess.run([large, step], {x: small})
    for what, size in ((loop, 2), (chain, 300), (large, 3000)):
        batch = np.eye(size, dtype=np.float32)
        sess.run(what.op if what is not loop else step, {x: small})
        timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))
        begun = time.perf_counter()
        try:
            timer.start()
            while True:
                sess.run(what, {x: batch})
        except KeyboardInterrupt:
            value = sess.run(v)
            print("stopped", (value == value[0, 0]).all(), time.perf_counter() - begun < 60, sess.run(large, {x: small})[0, 0])
"""


@pytest.mark.skipif(os.name == "nt", reason="no such signals")
def test_ctrl_c_stops_a_run_and_leaves_the_session_usable():
    assert run(INTERRUPT) == "stopped True True 1.0\n" * 3


# --- memory --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("build", "told"),
    [
        (lambda: tf.zeros([2**45]), r"shape\[35184372088832\] and type float"),
        (lambda: tf.zeros([2**20, 2**20, 8], tf.float64), r"shape\[1048576,1048576,8\] and type double"),
        (lambda: tf.fill([2**22, 2**20], True), r"shape\[4194304,1048576\] and type bool"),
        (lambda: tf.random_normal([2**22, 2**20]), r"shape\[4194304,1048576\] and type float"),
        (lambda: tf.fill([2**44], "a"), r"shape\[17592186044416\] and type string"),
    ],
)
def test_what_finds_no_room_is_told_with_its_shape_and_type(build, told):
    tensor = build()
    with tf.Session() as sess:
        with pytest.raises(tf.errors.ResourceExhaustedError, match=f"^OOM when allocating tensor with {told}") as caught:
            sess.run(tensor)
        assert caught.value.op.name.startswith(tensor.op.name)
        assert sess.run(tf.constant(1.0) + 1.0) == 2.0


MEMORY = """
import resource
x = tf.placeholder(tf.float32, [None, None])
v = tf.Variable(tf.zeros([4]))
outer, step = tf.matmul(x, x, transpose_b=True), tf.assign_add(v, tf.ones([4]))
chain = tf.reduce_sum(tf.nn.softmax(tf.exp(outer) + 1.0))
images = tf.nn.conv2d(tf.reshape(x, [1, -1, 64, 1]), tf.ones([5, 5, 1, 32]), [1, 1, 1, 1], "SAME")
wide = {outer: (20000, 10), chain: (9000, 2), images: (64 * 60000, 1)}
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    for what in wide:
        sess.run(what, {x: np.ones((640, 2), np.float32)})
    used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + (300 << 20),) * 2)
    for what, shape in wide.items():
        try:
            sess.run(what, {x: np.ones(shape, np.float32)})
        except tf.errors.ResourceExhaustedError as error:
            print(error.message.startswith("OOM when allocating tensor with shape["), error.op.type)
        sess.run(step)
    print(sess.run(v)[0], sess.run(chain, {x: np.ones((8, 2), np.float32)}))
"""


@LINUX
def test_a_run_that_outgrows_the_memory_fails_and_the_next_one_does_not():
    assert run(MEMORY) == "True MatMul\nTrue MatMul\nTrue Conv2D\n3.0 8.0\n"


# --- feeds ---------------------------------------------------------------------------------------------------------------

VALUES = np.arange(24, dtype=np.float32).reshape(4, 6)


def read_only(array):
    array.setflags(write=False)
    return array


FEEDS = {
    "columns": np.repeat(VALUES, 2, 1)[:, ::2],
    "turned round": VALUES[::-1, ::-1].copy()[::-1, ::-1],
    "Fortran's order": np.asfortranarray(VALUES),
    "big-endian": VALUES.astype(">f4"),
    "read-only": read_only(VALUES.copy()),
    "float64": VALUES.astype(np.float64),
    "whole numbers": VALUES.astype(np.int64),
    "a matrix": VALUES.copy().view(np.matrix),
    "masked": np.ma.masked_array(VALUES, VALUES > 3),
    "not aligned": np.frombuffer(b"\0" + VALUES.tobytes(), np.float32, offset=1).reshape(4, 6),
    "lists": VALUES.tolist(),
    "rows": list(VALUES),
}


@pytest.mark.parametrize("kind", FEEDS)
def test_arrays_of_every_make_are_fed_as_their_values(kind):
    x = tf.placeholder(tf.float32, [4, 6])
    fetches = [x * x, tf.matmul(x, x, transpose_b=True), tf.reduce_sum(x, 1), tf.nn.softmax(x), tf.transpose(x), x[1:, ::2]]
    with tf.Session() as sess:
        got, expected = (sess.run([*fetches, tf.gradients(fetches, x)[0]], {x: v}) for v in (FEEDS[kind], VALUES))
    for a, b in zip(got, expected, strict=True):
        assert type(a) is np.ndarray
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("compiled", [False, True])
def test_one_number_seen_as_a_large_array_is_fed_without_being_written_out(compiled):
    x = tf.placeholder(tf.float32, [None, None])
    shape = (300, 400) if compiled else (3, 4)
    fed = np.broadcast_to(np.float32(0.5), shape)
    with tf.Session() as sess:
        chain, product = sess.run([tf.exp(x) * x + x, tf.matmul(x, x, transpose_b=True)], {x: fed})
    np.testing.assert_allclose(chain, np.full(shape, np.exp(0.5) * 0.5 + 0.5), rtol=1e-6)
    np.testing.assert_array_equal(product, np.full((shape[0], shape[0]), 0.25 * shape[1]))


@pytest.mark.parametrize("kind", ["columns", "Fortran's order", "read-only", "not aligned"])
def test_images_and_variables_take_them_too(kind):
    shape = (1, 8, 8, 64)
    data = np.arange(4096, dtype=np.float32).reshape(shape) / 4096
    fed = {
        "columns": np.repeat(data, 2, 3)[..., ::2],
        "Fortran's order": np.asfortranarray(data),
        "read-only": read_only(data.copy()),
        "not aligned": np.frombuffer(b"\0" + data.tobytes(), np.float32, offset=1).reshape(shape),
    }[kind]
    x = tf.placeholder(tf.float32, shape)
    w, v = tf.Variable(tf.ones([3, 3, 64, 4])), tf.Variable(tf.zeros(shape))
    pooled = tf.nn.max_pool(tf.nn.conv2d(x, w, [1, 1, 1, 1], "SAME"), [1, 2, 2, 1], [1, 2, 2, 1], "SAME")
    mean = tf.nn.avg_pool(tf.nn.depthwise_conv2d(x, w, [1, 1, 1, 1], "SAME"), [1, 2, 2, 1], [1, 2, 2, 1], "SAME")
    assign = tf.assign(v, x)
    fetches = [pooled, mean, *tf.gradients([pooled, mean], [x, w]), assign]
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for a, b in zip(sess.run(fetches, {x: fed}), sess.run(fetches, {x: data}), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-5)
        step = tf.train.AdamOptimizer().minimize(tf.reduce_sum(v * v))
        sess.run(tf.global_variables_initializer())
        sess.run(assign, {x: fed})
        sess.run(step)
        np.testing.assert_array_equal(fed, data)  # what was fed is the caller's


# --- surroundings --------------------------------------------------------------------------------------------------------

SURROUNDED = """
x = tf.placeholder(tf.float32, [None])
total, drawn = tf.reduce_sum(tf.exp(x) * 0.0 + x), tf.random_normal([3], seed=1)
with tf.Session() as sess:
    print(sess.run(total, {x: np.ones(100000, np.float32)}), sess.run(drawn).shape)
"""


@pytest.mark.parametrize(
    "surroundings",
    [
        {"TEACHTF_CACHE_DIR": "/proc/nowhere"},
        {"TEACHTF_CACHE_DIR": os.devnull + "/cache"},
        {"TEACHTF_CACHE_DIR": None, "HOME": "/proc/nobody"},
        {"TEACHTF_CACHE_DIR": None, "HOME": None, "PATH": None},
    ],
)
@LINUX
def test_a_cache_that_cannot_be_written_or_a_missing_home_changes_nothing(surroundings):
    assert run(SURROUNDED, **surroundings) == "100000.0 (3,)\n"


# --- size ----------------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_more_elements_than_32_bits_count():
    size = 2**31 + 10
    x = tf.placeholder(tf.uint8, [None])
    start = tf.placeholder(tf.int64, [1])
    data = np.zeros(size, np.uint8)
    data[-3:] = 1, 2, 3
    with tf.Session() as sess:
        assert sess.run(tf.size(x, out_type=tf.int64), {x: data}) == size
        np.testing.assert_array_equal(sess.run(tf.slice(x, start, [4]), {x: data, start: [size - 4]}), [0, 1, 2, 3])
        np.testing.assert_array_equal(sess.run(x[-2:] + x[:2], {x: data}), [2, 3])
        assert sess.run(tf.reduce_max(x), {x: data}) == 3
        assert sess.run(tf.argmax(x, 0), {x: data}) == size - 1
        np.testing.assert_array_equal(sess.run(tf.gather(x, [size - 2, 0, size - 1]), {x: data}), [2, 0, 3])
        np.testing.assert_array_equal(sess.run((x + x)[-3:], {x: data}), [2, 4, 6])
        turned = tf.transpose(tf.reshape(x, [2, -1]))
        np.testing.assert_array_equal(sess.run(turned[-2:], {x: data}), [[0, 2], [0, 3]])
        np.testing.assert_array_equal(sess.run(tf.concat([x, [7]], 0)[-2:], {x: data}), [3, 7])
        np.testing.assert_array_equal(sess.run(tf.where(tf.equal(x, 2)), {x: data}), [[size - 2]])
