"""Functions with a gradient of their own: what they add to the graph, what flows back, what is refused."""

from __future__ import annotations

from harness import Programs, describe_graph, error

programs = Programs()


def values(tf, fetches):
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        return sess.run(fetches)


@programs
def nested_results(tf):
    """Each of two results, one of them in a list, has its gradient."""

    @tf.custom_gradient
    def both(x, y):
        """Its text."""
        return (x * y, [x + y]), lambda of_product, of_sum: (of_product * 7.0, of_sum * 5.0)

    x, y = tf.constant(2.0), tf.placeholder_with_default(3.0, [])
    result = both(x, y)
    slopes = tf.gradients(result[0] + 2 * result[1][0], [x, y])
    return [both.__doc__, both.__name__, result, slopes, describe_graph(tf), values(tf, [result, slopes])]


@programs
def nested_arguments(tf):
    @tf.custom_gradient
    def product(a, b):
        return a["x"] * b[0], lambda grad: (grad, grad * 2)

    x, y = tf.constant(1.0), tf.constant(2.0)
    slopes = tf.gradients(product({"x": x}, [y]), [x, y])
    return [describe_graph(tf), values(tf, slopes)]


@programs
def dictionary_of_results(tf):
    """One gradient is None: nothing flows."""

    @tf.custom_gradient
    def parts(x):
        return {"k": x, "b": tf.square(x)}, lambda *grads: None

    x = tf.constant(1.0)
    result = parts(x)
    return [sorted(result), tf.gradients(result["k"], x), describe_graph(tf)]


@programs
def variables_read(tf):
    """Variables that the function reads come to the gradient by name, in order."""
    w = tf.get_variable("w", [], initializer=tf.constant_initializer(4.0))
    v = tf.get_variable("v", [], initializer=tf.constant_initializer(3.0))
    frozen = tf.get_variable("frozen", [], initializer=tf.constant_initializer(2.0), trainable=False)
    seen = []

    @tf.custom_gradient
    def scaled(x):
        def back(grad, variables=None):
            seen.extend(variable.name for variable in variables)
            return grad * 10, [grad * 100, grad * 1000]

        return x * w * v + frozen, back

    x = tf.constant(2.0)
    result = scaled(x)
    slopes = tf.gradients(result, [x, w, v])
    return [seen, describe_graph(tf), values(tf, [result, slopes])]


@programs
def variable_as_argument(tf):
    """A variable that is an argument is none that the function reads."""
    w = tf.get_variable("w", [2], initializer=tf.constant_initializer(4.0))
    double = tf.custom_gradient(lambda x: (x * 2, lambda grad: grad * 3))
    slopes = tf.gradients(double(w), w)
    return [describe_graph(tf), values(tf, slopes)]


@programs
def method(tf):
    class Layer:
        @tf.custom_gradient
        def call(self, x):
            return x + 1, lambda grad: grad * 3

    x = tf.constant([1.0, 2.0])
    return values(tf, tf.gradients(Layer().call(x), x))


@programs
def in_a_loop(tf):
    """The gradient of each turn is the function's own."""

    @tf.custom_gradient
    def halved(x):
        return x * 3.0, lambda grad: grad * 0.5

    x = tf.constant(1.0)
    end = tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, halved(y)), [0, x])[1]
    return values(tf, [end, tf.gradients(end, x)])


@programs
def gradient_of_gradient(tf):
    @tf.custom_gradient
    def cube(x):
        return x**3, lambda grad: grad * 3 * x**2

    x = tf.constant(2.0)
    first = tf.gradients(cube(x), x)[0]
    return values(tf, [first, tf.gradients(first, x)])


@programs
def pass_through(tf):
    v = tf.Variable(1.0, name="v")
    x = tf.constant(5.0)
    y = tf.grad_pass_through(lambda t: v.assign(t * t))(x)
    slopes = tf.gradients(y, x)
    return [describe_graph(tf), values(tf, [y, slopes])]


@programs
def result_that_is_no_tensor(tf):
    result = tf.custom_gradient(lambda x: (3.0, lambda grad: grad))(tf.constant(1.0))
    return [result, [t.name for t in result.op.inputs], values(tf, result)]


@programs
def refused(tf):
    w = tf.get_variable("w", [], initializer=tf.constant_initializer(4.0))
    local = tf.get_local_variable("local", [])
    x = tf.constant(1.0)
    twice = tf.custom_gradient(lambda x: (tf.identity(x), lambda grad: (grad, grad)))
    short = tf.custom_gradient(lambda x: (x * w, lambda grad, variables: (grad, [])))
    return [
        error(tf, lambda: tf.custom_gradient(lambda x: (x * w, lambda grad: grad))(x)),
        error(tf, lambda: tf.custom_gradient(lambda x: (x * local, lambda grad: grad))(x)),
        error(tf, lambda: tf.custom_gradient(lambda x: (x * tf.get_variable("new", []), lambda grad: grad))(x)),
        error(tf, lambda: tf.custom_gradient(lambda x: (x, lambda grad: grad))(x=x)),
        error(tf, lambda: tf.custom_gradient(lambda x: tf.constant(1.0))(x)),
        error(tf, lambda: tf.custom_gradient(lambda x: (x, 3))(x)),
        error(tf, lambda: tf.gradients(twice(x), x)),
        error(tf, lambda: tf.gradients(short(x), x)),
    ]
