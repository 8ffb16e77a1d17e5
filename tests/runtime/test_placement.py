"""Where operations go: laws of the placer, virtual devices, and the ways on that its errors name."""

from __future__ import annotations

from typing import Any

import pytest

import teachtf as tf
from teachtf.runtime.machine import runs_on_gpu, task_devices
from teachtf.runtime.placement import Devices

LOCAL = "/job:localhost/replica:0/task:0"


def gpus(n: int, **settings: Any) -> tf.Session:
    return tf.Session(config=tf.ConfigProto(device_count={"GPU": n}, **settings))


def test_virtual_gpus_take_what_they_can_compute() -> None:
    x = tf.placeholder(tf.float32, [2], name="x")
    y = tf.square(x, name="y")
    step = tf.Variable(3, name="step")
    with tf.device("/gpu:1"):
        z = tf.negative(y, name="z")
    with gpus(2) as sess:
        placed = sess.placement()
        sess.run(step.initializer)
        assert sess.run([z, step], {x: [1.0, 2.0]})[0].tolist() == [-1.0, -4.0]
    assert {name: placed[name] for name in ("y", "z", "step", "step/Assign")} == {
        "y": f"{LOCAL}/device:GPU:0",
        "z": f"{LOCAL}/device:GPU:1",
        "step": f"{LOCAL}/device:CPU:0",
        "step/Assign": f"{LOCAL}/device:CPU:0",
    }


def test_a_gpu_without_a_kernel_is_refused_and_softened() -> None:
    with tf.device("/gpu:0"):
        step = tf.Variable(0, name="step")
    with pytest.raises(tf.errors.InvalidArgumentError) as raised, gpus(1) as sess:
        sess.run(step.initializer)
    assert raised.value.message == (
        "Cannot assign a device for operation step: Could not satisfy explicit device specification '/device:GPU:0' because no "
        "supported kernel for GPU devices is available. TensorFlow computes 'VariableV2' of these types on CPUs only.\n"
        "Ways on:\n"
        '  - put tf.device("/cpu:0") round it\n'
        "  - soft placement runs it on the CPU: tf.Session(config=tf.ConfigProto(allow_soft_placement=True))"
    )
    with gpus(1, allow_soft_placement=True) as sess:
        sess.run(step.initializer)
        assert sess.placement()["step"] == f"{LOCAL}/device:CPU:0"


def test_the_ways_on_for_a_device() -> None:
    with tf.device("/gpu:1"):
        a = tf.constant(1.0, name="a")
    with pytest.raises(tf.errors.InvalidArgumentError) as raised, tf.Session() as sess:
        sess.run(a)
    assert raised.value.op is a.op
    assert raised.value.message == (
        "Cannot assign a device for operation a: {{node a}} was explicitly assigned to /device:GPU:1 but available devices are "
        "[ /job:localhost/replica:0/task:0/device:CPU:0 ]. Make sure the device specification refers to a valid device.\n"
        "Ways on:\n"
        "  - soft placement runs it on a device that is here: tf.Session(config=tf.ConfigProto(allow_soft_placement=True))\n"
        '  - virtual devices give this session what it asks for: tf.ConfigProto(device_count={"GPU": 2})\n'
        "  - leave out the tf.device block"
    )
    assert "was created at" in str(raised.value) and "test_placement.py" in str(raised.value)
    with gpus(2) as sess:
        assert sess.run(a) == 1.0


def test_the_ways_on_for_a_task() -> None:
    with tf.device("/job:ps/task:7"):
        a = tf.constant(1.0, name="a")
    with pytest.raises(tf.errors.InvalidArgumentError) as raised:
        tf.Session(config=tf.ConfigProto(allow_soft_placement=True)).run(a)
    assert raised.value.message.partition("Ways on:\n")[2] == (
        "  - a virtual cluster gives this session /job:ps/task:7: "
        'tf.ConfigProto(cluster_def=tf.train.ClusterSpec({"ps": [...]}).as_cluster_def()); '
        "soft placement changes only the type and the number of a device\n"
        "  - leave out the tf.device block"
    )
    cluster = tf.train.ClusterSpec({"ps": [f"ps{i}:2222" for i in range(8)]})
    with tf.Session(config=tf.ConfigProto(cluster_def=cluster.as_cluster_def())) as sess:
        assert sess.run(a) == 1.0
        assert sess.placement() == {"a": "/job:ps/replica:0/task:7/device:CPU:0"}
        assert len(sess.list_devices()) == 9


def test_an_optimizer_updates_where_the_variables_are() -> None:
    with tf.device("/job:ps/task:1"):
        w = tf.Variable([1.0, 2.0], name="w")
    with tf.device("/gpu:0"):
        loss = tf.reduce_sum(tf.square(w), name="loss")
        train = tf.train.AdamOptimizer(0.1).minimize(loss)
    cluster = tf.train.ClusterSpec({"ps": ["a:1", "b:1"]}).as_cluster_def()
    with gpus(1, cluster_def=cluster, allow_soft_placement=True) as sess:
        sess.run(tf.global_variables_initializer())
        sess.run(train)
        placed = sess.placement()
    server = "/job:ps/replica:0/task:1/device:CPU:0"
    assert {placed[name] for name in ("w", "w/Adam", "w/Adam_1", "w/Assign", "Adam/update_w/ApplyAdam")} == {server}
    assert placed["loss"] == f"{LOCAL}/device:GPU:0"


def test_growing_graphs_keep_the_places_they_had() -> None:
    x = tf.placeholder(tf.float32, [], name="x")
    with gpus(2) as sess:
        y = tf.square(x, name="y")
        before = sess.placement()["y"]
        with tf.device("/gpu:1"):
            z = tf.negative(y, name="z")
        assert sess.run(z, {x: 2.0}) == -4.0
        assert sess.placement()["y"] == before
        y.op._set_device("/device:CPU:0")
        assert sess.placement()["y"] == f"{LOCAL}/device:CPU:0"


def test_a_join_to_a_group_that_is_elsewhere_is_refused() -> None:
    with tf.device("/cpu:0"):
        v = tf.Variable([1.0], name="v")
    with gpus(1) as sess:
        sess.run(v.initializer)
        with tf.colocate_with(v.op):
            late = tf.placeholder(tf.float32, [1], name="late")
        late.op._device = "/device:GPU:0"
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"Cannot colocate nodes .*late.* incompatible types"):
            sess.run(late, {late: [1.0]})


def test_preference_is_gpu_then_own_task_then_name() -> None:
    own = task_devices("/job:a/replica:0/task:1", tf.ConfigProto(device_count={"CPU": 2}))
    other = task_devices("/job:a/replica:0/task:0", tf.ConfigProto(device_count={"GPU": 1}))
    x = tf.square(tf.placeholder(tf.float32, []))
    step = tf.Variable(0)
    placed = Devices([*own, *other], "/job:a/replica:0/task:1", soft=False).place(x.graph.get_operations())
    assert placed[x.op] == "/job:a/replica:0/task:0/device:GPU:0"
    assert placed[step.op] == "/job:a/replica:0/task:1/device:CPU:0"


@pytest.mark.parametrize(
    ("make", "wanted"),
    [
        (lambda: tf.matmul(tf.zeros([2, 2]), tf.zeros([2, 2])), True),
        (lambda: tf.Variable([1.0]), True),
        (lambda: tf.Variable([1]), False),
        (lambda: tf.no_op(), True),
        (lambda: tf.train.Saver([tf.Variable(1.0)]) and tf.get_default_graph().get_operation_by_name("save/SaveV2"), False),
    ],
)
def test_what_tensorflow_computes_on_gpus(make: Any, wanted: bool) -> None:
    made = make()
    assert runs_on_gpu(getattr(made, "op", made)) is wanted


def test_the_placement_is_logged(capsys: pytest.CaptureFixture[str]) -> None:
    a = tf.placeholder_with_default(1.0, [], name="a")
    b = tf.square(a, name="b")
    with tf.Session(config=tf.ConfigProto(log_device_placement=True)) as sess:
        sess.run(b)
        sess.run(b)
        c = tf.negative(b, name="c")
        sess.run(c)
    lines = capsys.readouterr().out.splitlines()
    cpu = f"{LOCAL}/device:CPU:0"
    assert lines[1:] == [f"a: (PlaceholderWithDefault): {cpu}", f"b: (Square): {cpu}", f"c: (Neg): {cpu}"]


def test_placing_is_linear() -> None:
    x = tf.placeholder(tf.float32, [])
    with tf.device("/gpu:1"):
        for _ in range(2000):
            x = tf.negative(x)
    devices = Devices(
        task_devices("/job:localhost/replica:0/task:0", tf.ConfigProto(device_count={"GPU": 2})), LOCAL, soft=False
    )
    devices.check(x.graph)
    assert devices.checked == len(x.graph.get_operations()) == 2001
    assert len(devices._fitting) == 2
