"""Every snippet of the notes that the lessons follow, in their order, as a test of its own.

The snippets stand as the notes have them, with the slips of the pen mended and each `...` filled in. What the notes say
of names, shapes and values is asserted.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import teachtf as tf
from teachtf.tools.inspect_checkpoint import print_tensors_in_checkpoint_file


def names(variables: list[Any] | None = None) -> list[str]:
    """The names of variables, all global ones by default."""
    return [variable.name for variable in (tf.global_variables() if variables is None else variables)]


def my_image_filter_plain(input_images: Any) -> Any:
    conv1_weights = tf.Variable(tf.random_normal([5, 5, 32, 32]), name="conv1_weights")
    conv1_biases = tf.Variable(tf.zeros([32]), name="conv1_biases")
    conv1 = tf.nn.conv2d(input_images, conv1_weights, strides=[1, 1, 1, 1], padding="SAME")
    relu1 = tf.nn.relu(conv1 + conv1_biases)

    conv2_weights = tf.Variable(tf.random_normal([5, 5, 32, 32]), name="conv2_weights")
    conv2_biases = tf.Variable(tf.zeros([32]), name="conv2_biases")
    conv2 = tf.nn.conv2d(relu1, conv2_weights, strides=[1, 1, 1, 1], padding="SAME")
    return tf.nn.relu(conv2 + conv2_biases)


def my_image_filter_dictionary(input_images: Any, variables_dict: dict[str, Any]) -> Any:
    conv1 = tf.nn.conv2d(input_images, variables_dict["conv1_weights"], strides=[1, 1, 1, 1], padding="SAME")
    relu1 = tf.nn.relu(conv1 + variables_dict["conv1_biases"])

    conv2 = tf.nn.conv2d(relu1, variables_dict["conv2_weights"], strides=[1, 1, 1, 1], padding="SAME")
    return tf.nn.relu(conv2 + variables_dict["conv2_biases"])


def conv_relu(input: Any, kernel_shape: list[int], bias_shape: list[int]) -> Any:
    weights = tf.get_variable("weights", kernel_shape, initializer=tf.random_normal_initializer())
    biases = tf.get_variable("biases", bias_shape, initializer=tf.constant_initializer(0.0))
    conv = tf.nn.conv2d(input, weights, strides=[1, 1, 1, 1], padding="SAME")
    return tf.nn.relu(conv + biases)


def my_image_filter(input_images: Any) -> Any:
    with tf.variable_scope("conv1"):
        # Variables created here will be named 'conv1/weights', 'conv1/biases'
        relu1 = conv_relu(input_images, [5, 5, 32, 32], [32])
    with tf.variable_scope("conv2"):
        return conv_relu(relu1, [5, 5, 32, 32], [32])


@pytest.fixture
def image1() -> np.ndarray:
    return np.random.default_rng(1).random([1, 12, 10, 32], np.float32)


@pytest.fixture
def image2() -> np.ndarray:
    return np.random.default_rng(2).random([1, 12, 10, 32], np.float32)


# --- creating variables -------------------------------------------------------------------------------------------------


def test_create_two_variables() -> None:
    weights = tf.Variable(tf.random_normal([784, 200], stddev=0.35), name="weights")
    biases = tf.Variable(tf.zeros([200]), name="biases")

    assert names() == ["weights:0", "biases:0"]
    assert (weights.shape, biases.shape) == ((784, 200), (200,))
    assert weights.dtype.base_dtype == biases.dtype.base_dtype == tf.float32
    with tf.Session() as sess:
        sess.run([weights.initializer, biases.initializer])
        w, b = sess.run([weights, biases])
    assert abs(w.std() - 0.35) < 0.01 and abs(w.mean()) < 0.01
    assert not b.any()


@pytest.mark.parametrize(
    "make",
    [
        lambda shape: tf.zeros(shape),
        lambda shape: tf.ones(shape),
        lambda shape: tf.fill(shape, 3.0),
        lambda shape: tf.constant(3.0, shape=shape),
        lambda shape: tf.random_normal(shape),
        lambda shape: tf.truncated_normal(shape),
        lambda shape: tf.random_uniform(shape),
    ],
    ids=["zeros", "ones", "fill", "constant", "random_normal", "truncated_normal", "random_uniform"],
)
def test_ops_for_initial_values_take_the_shape(make: Callable[[list[int]], Any]) -> None:
    v = tf.Variable(make([2, 3]), name="v")
    assert v.shape == (2, 3)
    with tf.Session() as sess:
        sess.run(v.initializer)
        assert sess.run(v).shape == (2, 3)


# --- device placement ---------------------------------------------------------------------------------------------------


def test_pin_a_variable_to_a_gpu() -> None:
    with tf.device("/gpu:1"):
        v = tf.Variable(tf.zeros([2]), name="v")
    assert v.device == "/device:GPU:1"


def test_pin_a_variable_to_a_parameter_server_task() -> None:
    # Pin a variable to a particular parameter server task.
    with tf.device("/job:ps/task:7"):
        v = tf.Variable(tf.zeros([2]), name="v")
    assert v.device == "/job:ps/task:7"


@pytest.mark.parametrize("change", ["assign", "assign_add", "assign_sub"])
def test_ops_that_mutate_a_variable_ignore_another_device(change: str) -> None:
    with tf.device("/job:ps/task:7"):
        v = tf.Variable(tf.zeros([2]), name="v")
    with tf.device("/gpu:1"):
        update = getattr(v, change)([1.0, 2.0])
    assert update.op.device == "/job:ps/task:7"


def test_updates_of_an_optimizer_ignore_another_device() -> None:
    with tf.device("/job:ps/task:7"):
        v = tf.Variable(tf.ones([2]), name="v")
    with tf.device("/gpu:1"):
        tf.train.GradientDescentOptimizer(0.1).minimize(tf.reduce_sum(v * v))
    updates = [op for op in tf.get_default_graph().get_operations() if op.type == "ApplyGradientDescent"]
    assert [op.device for op in updates] == ["/job:ps/task:7"]


def test_a_device_that_is_not_there() -> None:
    with tf.device("/job:ps/task:7"):
        v = tf.Variable(tf.ones([2]), name="v")
    with tf.Session() as sess, pytest.raises(tf.errors.InvalidArgumentError, match="/job:ps/task:7"):
        sess.run(v.initializer)
    cluster = tf.train.ClusterSpec({"ps": [f"ps{task}:2222" for task in range(8)]}).as_cluster_def()
    with tf.Session(config=tf.ConfigProto(cluster_def=cluster)) as sess:
        sess.run(v.initializer)
        assert sess.run(v).tolist() == [1.0, 1.0]


# --- initialising -------------------------------------------------------------------------------------------------------


def test_initialize_all_variables() -> None:
    weights = tf.Variable(tf.random_normal([784, 200], stddev=0.35), name="weights")
    biases = tf.Variable(tf.zeros([200]), name="biases")
    pixels = tf.placeholder(tf.float32, [None, 784])
    layer = tf.matmul(pixels, weights) + biases

    # Add an op to initialize the variable
    init_op = tf.global_variables_initializer()

    # Later, when launching the model
    with tf.Session() as sess:
        assert sess.run(init_op) is None
        # Use the model
        assert sess.run(layer, {pixels: np.ones([3, 784])}).shape == (3, 200)


def test_forgetting_to_initialize() -> None:
    weights = tf.Variable(tf.random_normal([784, 200], stddev=0.35), name="weights")
    biases = tf.Variable(tf.zeros([200]), name="biases")
    with tf.Session() as sess:
        with pytest.raises(tf.errors.FailedPreconditionError, match="uninitialized value") as caught:
            sess.run(weights + biases)
        assert "weights" in str(caught.value) and "biases" in str(caught.value)
        assert "tf.global_variables_initializer()" in str(caught.value)
        sess.run(tf.global_variables_initializer())
        sess.run(weights + biases)


def test_initialize_from_another_variable() -> None:
    weights = tf.Variable(tf.random_normal([784, 100], stddev=0.35), name="weights")
    # create another variable with the same value as 'weights'
    w2 = tf.Variable(weights.initialized_value(), name="w2")
    # Create another variable with twice the value of 'weights'
    w_twice = tf.Variable(weights.initialized_value() * 2.0, name="w_twice")

    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        one, same, twice = sess.run([weights, w2, w_twice])
    assert one.any()
    np.testing.assert_array_equal(same, one)
    np.testing.assert_array_equal(twice, 2.0 * one)


def test_initialize_an_explicit_list() -> None:
    a = tf.Variable(1.0, name="a")
    b = tf.Variable(2.0, name="b")
    missing = tf.report_uninitialized_variables()
    with tf.Session() as sess:
        sess.run(tf.variables_initializer([a]))
        assert sess.run(a) == 1.0
        assert sess.run(missing).tolist() == [b"b"]
        with pytest.raises(tf.errors.FailedPreconditionError):
            sess.run(b)


# --- saving and restoring -----------------------------------------------------------------------------------------------


def test_save_all_and_restore_all(tmp_path: Path) -> None:
    path = str(tmp_path / "model.ckpt")

    # Create some variables.
    v1 = tf.Variable([1.0, 2.0], name="v1")
    v2 = tf.Variable([[3, 4]], name="v2")
    init_op = tf.global_variables_initializer()
    # Add ops to save and restore all the variables
    saver = tf.train.Saver()

    # Later, launch the model, initialize the variables, do some work, save the variables to disk.
    with tf.Session() as sess:
        sess.run(init_op)
        # Do some work with the model.
        sess.run(v1.assign_add([10.0, 10.0]))
        # Save the model to disk
        save_path = saver.save(sess, path)
        assert save_path == path

    tf.reset_default_graph()
    # Create some variables.
    v1 = tf.Variable([0.0, 0.0], name="v1")
    v2 = tf.Variable([[0, 0]], name="v2")
    # Add ops to save and restore all the variables.
    saver = tf.train.Saver()
    with tf.Session() as sess:
        saver.restore(sess, path)
        # Do some work with the model
        assert sess.run(v1).tolist() == [11.0, 12.0]
        assert sess.run(v2).tolist() == [[3, 4]]


def test_save_a_list(tmp_path: Path) -> None:
    tf.Variable([1.0], name="v1")
    v2 = tf.Variable([2.0], name="v2")
    saver = tf.train.Saver([v2])
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        path = saver.save(sess, str(tmp_path / "model.ckpt"))
    assert tf.train.list_variables(path) == [("v2", [1])]


def test_save_a_dictionary_of_names(tmp_path: Path) -> None:
    v1 = tf.Variable([1.0], name="v1")
    v2 = tf.Variable([2.0], name="v2")
    saver = tf.train.Saver({"my_v2": v2})

    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        path = saver.save(sess, str(tmp_path / "model.ckpt"))
    assert tf.train.list_variables(path) == [("my_v2", [1])]
    with tf.Session() as sess:
        sess.run(v1.initializer)
        saver.restore(sess, path)
        assert sess.run([v1, v2]) == [1.0, 2.0]
    with tf.Session() as sess, pytest.raises(tf.errors.NotFoundError, match="v2"):
        tf.train.Saver([v2]).restore(sess, path)


def test_import_a_meta_graph(tmp_path: Path) -> None:
    x = tf.placeholder(tf.float32, [None], name="x")
    tf.multiply(x, tf.Variable(3.0, name="factor"), name="y")
    saver = tf.train.Saver()
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        path = saver.save(sess, str(tmp_path / "model.ckpt"))

    tf.reset_default_graph()
    saver = tf.train.import_meta_graph(path + ".meta")
    with tf.Session() as sess:
        saver.restore(sess, path)
        assert sess.run("y:0", {"x:0": [1.0, 2.0]}).tolist() == [3.0, 6.0]


def test_print_tensors_in_checkpoint_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tf.Variable([1.0, 2.0], name="v1")
    tf.Variable([[3, 4]], name="v2")
    saver = tf.train.Saver()
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        path = saver.save(sess, str(tmp_path / "model.ckpt"))
    capsys.readouterr()
    print_tensors_in_checkpoint_file(path, tensor_name="", all_tensors=True)
    printed = capsys.readouterr().out
    for text in ("v1", "v2", "[1. 2.]", "[[3 4]]"):
        assert text in printed


# --- rank, shape and type -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rank", "example"),
    [
        (0, 483),
        (1, [1.1, 2.2, 3.3]),
        (2, [[1, 2, 3], [4, 5, 6], [7, 8, 9]]),
        (3, [[[2], [4], [6]], [[8], [10], [12]], [[14], [16], [18]]]),
    ],
)
def test_rank_table(rank: int, example: Any) -> None:
    t = tf.constant(example)
    assert t.shape.ndims == rank
    with tf.Session() as sess:
        assert sess.run(tf.rank(t)) == rank
        np.testing.assert_array_equal(sess.run(t), np.array(example, t.dtype.as_numpy_dtype))


@pytest.mark.parametrize("shape", [[], [5], [3, 4], [1, 4, 3]])
def test_shape_table(shape: list[int]) -> None:
    t = tf.zeros(shape)
    assert t.shape.as_list() == shape and t.shape.ndims == len(shape)
    with tf.Session() as sess:
        assert sess.run(tf.shape(t)).tolist() == shape


def test_a_static_type_and_dynamic_dimensions() -> None:
    x = tf.placeholder(tf.float32, [None, 3])
    assert x.dtype == tf.float32 and x.shape.as_list() == [None, 3]
    with tf.Session() as sess:
        for rows in (1, 4):
            assert sess.run(tf.shape(x), {x: np.zeros([rows, 3])}).tolist() == [rows, 3]


@pytest.mark.parametrize(
    ("data_type", "python_type", "number", "size", "kind"),
    [
        ("DT_FLOAT", "float32", 1, 4, "floating"),
        ("DT_DOUBLE", "float64", 2, 8, "floating"),
        ("DT_INT8", "int8", 6, 1, "integer"),
        ("DT_INT16", "int16", 5, 2, "integer"),
        ("DT_INT32", "int32", 3, 4, "integer"),
        ("DT_INT64", "int64", 9, 8, "integer"),
        ("DT_UINT8", "uint8", 4, 1, "unsigned"),
        ("DT_UINT16", "uint16", 17, 2, "unsigned"),
        ("DT_STRING", "string", 7, None, None),
        ("DT_BOOL", "bool", 10, 1, "bool"),
        ("DT_COMPLEX64", "complex64", 8, 8, "complex"),
        ("DT_COMPLEX128", "complex128", 18, 16, "complex"),
        ("DT_QINT8", "qint8", 11, 1, "quantized"),
        ("DT_QINT32", "qint32", 13, 4, "quantized"),
        ("DT_QUINT8", "quint8", 12, 1, "quantized"),
    ],
)
def test_data_type_table(data_type: str, python_type: str, number: int, size: int | None, kind: str | None) -> None:
    from tensorboard.compat.proto import types_pb2

    dtype = getattr(tf, python_type)
    assert types_pb2.DataType.Name(dtype.as_datatype_enum) == data_type
    assert dtype.as_datatype_enum == number
    if size is not None:
        assert dtype.size == size
    if kind is not None:
        assert getattr(dtype, f"is_{kind}")
    # A tensor and a variable can be of it, and keep it through a run.
    v = tf.Variable(tf.zeros([2], dtype), name="v")
    assert v.dtype.base_dtype == dtype
    with tf.Session() as sess:
        sess.run(v.initializer)
        assert sess.run(v).shape == (2,)


def test_elements_of_a_string_tensor_are_byte_arrays_of_any_length() -> None:
    with tf.Session() as sess:
        assert sess.run(tf.constant(["cat", "Käse", ""])).tolist() == [b"cat", "Käse".encode(), b""]


# --- sharing variables --------------------------------------------------------------------------------------------------


def test_my_image_filter_has_four_variables(image1: np.ndarray) -> None:
    result = my_image_filter_plain(image1)
    assert names() == ["conv1_weights:0", "conv1_biases:0", "conv2_weights:0", "conv2_biases:0"]
    assert result.shape == (1, 12, 10, 32)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        value = sess.run(result)
    assert value.shape == (1, 12, 10, 32) and value.min() == 0.0 < value.max()


def test_my_image_filter_called_twice_has_eight_variables(image1: np.ndarray) -> None:
    result1 = my_image_filter_plain(image1)
    result2 = my_image_filter_plain(image1)
    assert names()[4:] == ["conv1_weights_1:0", "conv1_biases_1:0", "conv2_weights_1:0", "conv2_biases_1:0"]
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        one, two = sess.run([result1, result2])
    assert not np.allclose(one, two)


def test_my_image_filter_with_a_dictionary(image1: np.ndarray, image2: np.ndarray) -> None:
    variables_dict = {
        "conv1_weights": tf.Variable(tf.random_normal([5, 5, 32, 32]), name="conv1_weights"),
        "conv1_biases": tf.Variable(tf.zeros([32]), name="conv1_biases"),
        "conv2_weights": tf.Variable(tf.random_normal([5, 5, 32, 32]), name="conv2_weights"),
        "conv2_biases": tf.Variable(tf.zeros([32]), name="conv2_biases"),
    }

    result1 = my_image_filter_dictionary(image1, variables_dict)
    result2 = my_image_filter_dictionary(image2, variables_dict)
    again = my_image_filter_dictionary(image1, variables_dict)

    assert len(tf.global_variables()) == 4
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        one, two, three = sess.run([result1, result2, again])
    np.testing.assert_array_equal(one, three)
    assert not np.allclose(one, two)


def test_initializers() -> None:
    value, a, b, mean, stddev = 0.25, -1.0, 2.0, 3.0, 0.5
    constant = tf.get_variable("c", [1000], initializer=tf.constant_initializer(value))
    uniform = tf.get_variable("u", [1000], initializer=tf.random_uniform_initializer(a, b))
    normal = tf.get_variable("n", [1000], initializer=tf.random_normal_initializer(mean, stddev))
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        c, u, n = sess.run([constant, uniform, normal])
    assert (c == value).all()
    assert a <= u.min() < a + 0.1 and b - 0.1 < u.max() < b
    assert abs(n.mean() - mean) < 0.1 and abs(n.std() - stddev) < 0.1


def test_my_image_filter_with_scopes(image1: np.ndarray) -> None:
    my_image_filter(image1)
    assert names() == ["conv1/weights:0", "conv1/biases:0", "conv2/weights:0", "conv2/biases:0"]


def test_calling_twice_without_reuse_is_an_error(image1: np.ndarray, image2: np.ndarray) -> None:
    my_image_filter(image1)
    with pytest.raises(ValueError, match="Variable conv1/weights already exists"):
        my_image_filter(image2)


def test_reuse_variables(image1: np.ndarray, image2: np.ndarray) -> None:
    with tf.variable_scope("image_filters") as scope:
        result1 = my_image_filter(image1)
        scope.reuse_variables()
        result2 = my_image_filter(image2)
        again = my_image_filter(image1)

    assert names() == [f"image_filters/conv{n}/{what}:0" for n in (1, 2) for what in ("weights", "biases")]
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        one, two, three = sess.run([result1, result2, again])
    np.testing.assert_array_equal(one, three)
    assert not np.allclose(one, two)


# --- variable scope -----------------------------------------------------------------------------------------------------


def test_reuse_through_the_current_scope() -> None:
    with tf.variable_scope("foo"):
        v = tf.get_variable("v", [1])
        tf.get_variable_scope().reuse_variables()
        v1 = tf.get_variable("v", [1])
    assert v1 is v


def test_the_reuse_flag_is_inherited() -> None:
    with tf.variable_scope("root"):
        # At start, the scope is not reusing
        assert tf.get_variable_scope().reuse == False  # noqa: E712
        with tf.variable_scope("foo"):
            # Open a sub-scope, still not reusing
            assert tf.get_variable_scope().reuse == False  # noqa: E712
        with tf.variable_scope("foo", reuse=True):
            # Explicitly opened a reusing scope
            assert tf.get_variable_scope().reuse == True  # noqa: E712
            with tf.variable_scope("bar"):
                # Now sub-scope inherits the reuse flag.
                assert tf.get_variable_scope().reuse == True  # noqa: E712
        # Exited the reusing scope, back to a non-reusing one.
        assert tf.get_variable_scope().reuse == False  # noqa: E712


def test_a_variable_scope_names_ops() -> None:
    with tf.variable_scope("foo"):
        x = 1.0 + tf.get_variable("v", [1])
    assert x.op.name == "foo/add"


def test_a_name_scope_names_ops_but_not_variables() -> None:
    with tf.variable_scope("foo"):  # noqa: SIM117
        with tf.name_scope("bar"):
            v = tf.get_variable("v", [1])
            x = 1.0 + v
    assert v.name == "foo/v:0"
    assert x.op.name == "foo/bar/add"


def test_a_captured_scope_leaves_the_name_scope_of_ops_alone() -> None:
    with tf.variable_scope("foo") as foo_scope:
        v = tf.get_variable("v", [1])
    with tf.name_scope("bar"), tf.variable_scope(foo_scope, reuse=True):
        x = 1.0 + tf.get_variable("v", [1])
    with tf.variable_scope(foo_scope):
        w = tf.get_variable("w", [1])
        y = 1.0 + w
    assert (v.name, w.name) == ("foo/v:0", "foo/w:0")
    assert (x.op.name, y.op.name) == ("bar/add", "add")


def test_a_captured_scope_as_tensorflow_1_opens_it() -> None:
    with tf.variable_scope("foo") as foo_scope:
        v = tf.get_variable("v", [1])
    with tf.variable_scope(foo_scope, auxiliary_name_scope=True):
        x = 1.0 + v
    assert x.op.name == "foo_1/add"


# --- the slips of the pen -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("slip", "meant"), [("Varibale", "Variable"), ("varibale_scope", "variable_scope")])
def test_a_slip_gets_a_suggestion(slip: str, meant: str) -> None:
    with pytest.raises(AttributeError, match=f"Did you mean '{meant}'"):
        getattr(tf, slip)


def test_a_slip_on_a_variable_gets_a_suggestion() -> None:
    with pytest.raises(AttributeError, match="Did you mean 'assign'"):
        tf.Variable(1.0).assigh  # noqa: B018
