"""Run in an environment that has teachtf and no extra: the library works, and Jupyter is neither there nor missed."""

import importlib.util
import sys
import tempfile
from pathlib import Path

import numpy as np

import teachtf as tf

assert "site-packages" in tf.__file__, f"this is not the wheel: {tf.__file__}"
for absent in ("IPython", "ipywidgets", "jupyterlab", "matplotlib", "ray", "tensorflow"):
    assert importlib.util.find_spec(absent) is None, f"the plain environment has {absent}"
for lazy in ("numba", "tensorboard"):
    assert lazy not in sys.modules, f"import teachtf brought {lazy}"

x = tf.placeholder(tf.float32, [None, 2], name="x")
with tf.variable_scope("model"):
    w = tf.get_variable("w", [2, 1], initializer=tf.constant_initializer([[1.0], [2.0]]))
y = tf.matmul(x, w)
loss = tf.reduce_mean(tf.square(y - 1.0))
train = tf.train.GradientDescentOptimizer(0.05).minimize(loss)
saver = tf.train.Saver()
batch = np.array([[1, 1], [2, 0]], np.float32)
with tf.Session() as session, tempfile.TemporaryDirectory() as folder:
    session.run(tf.global_variables_initializer())
    np.testing.assert_allclose(session.run(y, {x: batch}), [[3], [2]])
    before = session.run(loss, {x: batch})
    for _ in range(20):
        session.run(train, {x: batch})
    assert session.run(loss, {x: batch}) < before / 2
    prefix = saver.save(session, str(Path(folder) / "model.ckpt"))
    trained = session.run(w)
    session.run(tf.global_variables_initializer())
    saver.restore(session, prefix)
    np.testing.assert_array_equal(session.run(w), trained)
assert len(tf.get_default_graph().as_graph_def().node) > 5
print("a model was built, trained, saved and restored")
