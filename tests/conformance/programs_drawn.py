"""Programs drawn at random, with fixed seeds: arithmetic, shapes, slices, reductions, convolutions, training."""

from __future__ import annotations

import random

import numpy as np
from harness import Programs, op_names, static

programs = Programs()


def numbers(rng, shape, low=-2.0, high=2.0):
    return np.random.RandomState(rng.randrange(2**31)).uniform(low, high, shape).astype(np.float32)


def arithmetic(seed):
    """Elementwise ops on tensors that broadcast, some used several times, and their gradients."""

    def program(tf):
        rng = random.Random(seed)
        full = [rng.randint(1, 4) for _ in range(rng.randint(1, 3))]
        tensors, feeds = [], {}
        for i in range(3):
            shape = [d if rng.random() < 0.7 else 1 for d in full][rng.randint(0, len(full)) if rng.random() < 0.3 else 0 :]
            known = [d if rng.random() < 0.7 else None for d in shape]
            x = tf.placeholder(tf.float32, known, name=f"x{i}")
            feeds[x] = numbers(rng, shape)
            tensors.append(x)
        inputs = list(tensors)
        unary = [tf.tanh, tf.sigmoid, tf.square, tf.abs, tf.nn.relu, tf.negative, tf.sin, tf.nn.softplus]
        unary += [lambda t: tf.exp(-t * t), lambda t: tf.sqrt(tf.abs(t) + 1.0), lambda t: tf.log(t * t + 0.5)]
        binary = [tf.add, tf.subtract, tf.multiply, tf.maximum, tf.minimum, tf.squared_difference]
        binary += [lambda a, b: a / (tf.abs(b) + 1.0), lambda a, b: tf.where(tf.greater(a + b, 0.0), a - b, a * b)]
        for _ in range(rng.randint(4, 9)):
            a, b = rng.choice(tensors), rng.choice(tensors)
            tensors.append(rng.choice(unary)(a) if rng.random() < 0.4 else rng.choice(binary)(a, b))
        y = tensors[-1] + tensors[-2] * 0.5
        loss = tf.reduce_mean(y)
        grads = [g for g in tf.gradients(loss, inputs) if g is not None]
        with tf.Session() as sess:
            values = sess.run([y, loss, *grads], feeds)
        return {"graph": op_names(tf), "static": static(y, *grads), "values": values}

    return program


def slices(seed):
    """Basic indexing with every kind of index, and its gradient."""

    def program(tf):
        rng = random.Random(seed)
        shape = [rng.randint(2, 5) for _ in range(rng.randint(1, 4))]
        x = tf.placeholder(tf.float32, [d if rng.random() < 0.6 else None for d in shape], name="x")
        value = numbers(rng, shape)
        results, used = [], []
        while len(results) < 4:
            index = []
            for d in shape[: rng.randint(1, len(shape))]:
                kind = rng.choice(["int", "slice", "step", "all", "new"])
                if kind == "int":
                    index.append(rng.randrange(-d, d))
                elif kind == "slice":
                    index.append(slice(rng.randint(-d, d), rng.choice([None, rng.randint(-d, d)])))
                elif kind == "step":
                    index.append(slice(None, None, rng.choice([-2, -1, 2, 3])))
                elif kind == "all":
                    index.append(slice(None))
                else:
                    index += [tf.newaxis, slice(None)]
            if rng.random() < 0.3:
                index.append(Ellipsis)
            used.append(str(index))
            results.append(x[tuple(index)])
        grad = tf.gradients([tf.reduce_sum(r * r) for r in results], x)[0]
        with tf.Session() as sess:
            values = sess.run([*results, grad], {x: value})
        return {"used": used, "static": static(*results), "values": values, "graph": op_names(tf)}

    return program


def shapes(seed):
    """Reshape, transpose, concat, tile, pad, reduce, expand, squeeze, one after another."""

    def program(tf):
        rng = random.Random(seed)
        shape = [rng.randint(1, 4) for _ in range(rng.randint(1, 3))]
        x = tf.placeholder(tf.float32, [d if rng.random() < 0.7 else None for d in shape], name="x")
        y, dims = x * 1.5, list(shape)
        for _ in range(rng.randint(3, 7)):
            kind = rng.choice(["flat", "transpose", "concat", "tile", "pad", "reduce", "expand", "stack", "split", "reverse"])
            axis = rng.randrange(len(dims)) if dims else 0
            if kind == "flat":
                y, dims = tf.reshape(y, [-1]), [int(np.prod(dims))]
            elif kind == "expand" or not dims:
                y = tf.expand_dims(y, axis)
                dims.insert(axis, 1)
            elif kind == "transpose":
                perm = rng.sample(range(len(dims)), len(dims))
                y, dims = tf.transpose(y, perm), [dims[p] for p in perm]
            elif kind == "concat":
                y = tf.concat([y, -y], axis)
                dims[axis] *= 2
            elif kind == "tile":
                multiples = [rng.randint(1, 2) for _ in dims]
                y, dims = tf.tile(y, multiples), [d * m for d, m in zip(dims, multiples, strict=True)]
            elif kind == "pad":
                pads = [[rng.randint(0, 1), rng.randint(0, 2)] for _ in dims]
                y, dims = tf.pad(y, pads), [d + a + b for d, (a, b) in zip(dims, pads, strict=True)]
            elif kind == "reduce":
                keep = rng.random() < 0.5
                y = rng.choice([tf.reduce_sum, tf.reduce_mean, tf.reduce_max])(y, axis, keepdims=keep)
                dims = [*dims[:axis], *([1] if keep else []), *dims[axis + 1 :]]
            elif kind == "stack":
                y = tf.stack([y, y * 2.0], axis)
                dims.insert(axis, 2)
            elif kind == "split" and dims[axis] % 2 == 0:
                y = tf.split(y, 2, axis)[1]
                dims[axis] //= 2
            elif kind == "reverse":
                y = tf.reverse(y, [axis])
        grad = tf.gradients(y * y, x)[0]
        with tf.Session() as sess:
            values = sess.run([y, grad], {x: numbers(rng, shape)})
        return {"static": static(y, grad), "values": values, "graph": op_names(tf)}

    return program


def convolutions(seed):
    """A convolution and a pool of drawn sizes, strides and padding, with gradients."""

    def program(tf):
        rng = random.Random(seed)
        batch, height, width = rng.randint(1, 3), rng.randint(5, 12), rng.randint(5, 12)
        channels, filters, kernel = rng.randint(1, 5), rng.randint(1, 9), [rng.randint(1, 5), rng.randint(1, 5)]
        steps, padding = [1, rng.randint(1, 3), rng.randint(1, 3), 1], rng.choice(["SAME", "VALID"])
        x = tf.placeholder(tf.float32, [None, height, width, channels], name="x")
        w = tf.constant(numbers(rng, [*kernel, channels, filters], -1, 1), name="w")
        y = tf.nn.conv2d(x, w, strides=steps, padding=padding)
        size = [1, rng.randint(1, 3), rng.randint(1, 3), 1]
        pool = rng.choice([tf.nn.max_pool, tf.nn.avg_pool])(y, size, [1, rng.randint(1, 2), rng.randint(1, 2), 1], "SAME")
        grads = tf.gradients(tf.reduce_sum(tf.sin(pool)), [x, w])
        with tf.Session() as sess:
            values = sess.run([y, pool, *grads], {x: numbers(rng, [batch, height, width, channels])})
        return {"static": static(y, pool, *grads), "values": values, "graph": op_names(tf)}

    return program


def training(seed):
    """A network of drawn depth, activations, loss and optimizer, six steps on fed batches."""

    def program(tf):
        rng = random.Random(seed)
        tf.set_random_seed(seed)
        features, classes = rng.randint(2, 6), rng.randint(2, 4)
        x = tf.placeholder(tf.float32, [None, features], name="x")
        labels = tf.placeholder(tf.int64, [None], name="labels")
        h, width = x, features
        for i in range(rng.randint(0, 3)):
            size = rng.randint(2, 8)
            with tf.variable_scope(f"layer{i}"):
                w = tf.get_variable("w", [width, size], initializer=tf.truncated_normal_initializer(stddev=0.5, seed=i))
                b = tf.get_variable("b", [size], initializer=tf.constant_initializer(0.1))
                h = rng.choice([tf.nn.relu, tf.tanh, tf.sigmoid, tf.nn.elu])(tf.matmul(h, w) + b)
                width = size
        w = tf.Variable(tf.random_normal([width, classes], stddev=0.3, seed=seed), name="w_out")
        b = tf.Variable(tf.zeros([classes]), name="b_out")
        logits = tf.matmul(h, w) + b
        kind = rng.choice(["sparse", "dense", "squares"])
        if kind == "sparse":
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits))
        elif kind == "dense":
            onehot = tf.one_hot(labels, classes)
            loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=onehot, logits=logits))
        else:
            loss = tf.reduce_sum(tf.square(tf.nn.softmax(logits) - tf.one_hot(labels, classes)))
        if rng.random() < 0.5:
            loss = loss + 0.01 * tf.add_n([tf.nn.l2_loss(v) for v in tf.trainable_variables()])
        optimizer = rng.choice(
            [
                lambda: tf.train.GradientDescentOptimizer(0.1),
                lambda: tf.train.AdamOptimizer(0.02),
                lambda: tf.train.MomentumOptimizer(0.05, 0.9),
            ]
        )()
        step = tf.Variable(0, trainable=False, name="step")
        train = optimizer.minimize(loss, global_step=step)
        correct = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(logits, 1), labels), tf.float32))
        losses = []
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            for _ in range(6):
                size = rng.randint(3, 9)
                batch = numbers(rng, [size, features])
                feed = {x: batch, labels: (np.abs(batch).sum(1) * 3).astype(np.int64) % classes}
                losses.append(sess.run([train, loss], feed)[1])
            values = sess.run([correct, step, *tf.trainable_variables()], feed)
        return {"graph": op_names(tf), "losses": np.array(losses), "values": values}

    return program


for _family, _count in ((arithmetic, 20), (slices, 12), (shapes, 16), (convolutions, 12), (training, 12)):
    for _seed in range(_count):
        programs.add(f"{_family.__name__}_{_seed}", _family(_seed))
