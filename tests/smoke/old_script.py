"""A TensorFlow 1 script as they were written: flags, tf.app.run, a session."""

import tensorflow as tf

tf.app.flags.DEFINE_integer("steps", 10, "How often to count.")
FLAGS = tf.app.flags.FLAGS


def main(_):
    counter = tf.Variable(0, name="counter")
    count = tf.assign_add(counter, 2)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(FLAGS.steps):
            value = sess.run(count)
    print("counted to", value)
    assert value == 2 * FLAGS.steps


if __name__ == "__main__":
    tf.app.run()
