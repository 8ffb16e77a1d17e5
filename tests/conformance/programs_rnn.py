"""Recurrent cells and networks: their variables, graphs and values."""

from __future__ import annotations

import numpy as np
from harness import Programs, collections, describe_graph, error, op_names, static

programs = Programs()
_R = np.random.RandomState(8)
_X = _R.randn(2, 3).astype(np.float32)
_STEPS = _R.randn(4, 2, 3).astype(np.float32)


def ramp(tf):
    """Distinct weights that need no random numbers."""

    def initializer(shape, dtype=None, partition_info=None):
        size = int(np.prod(shape))
        return tf.constant(np.linspace(-0.5, 0.5, size, dtype=np.float32).reshape(shape), dtype, name="ramp")

    return initializer


def flat(structure):
    return [leaf for part in structure for leaf in flat(part)] if isinstance(structure, (list, tuple)) else [structure]


def shown(structure):
    """Nested sizes with their types."""
    if isinstance(structure, (list, tuple)):
        return [type(structure).__name__, *map(shown, structure)]
    return structure


def facts(tf, outputs, feeds=None, **more):
    found = {"graph": describe_graph(tf), "collections": collections(tf), "static": static(*flat(outputs)), **more}
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        found["values"] = sess.run(flat(outputs), feeds)
    return found


CELLS = {
    "basic_rnn": lambda cells: cells.BasicRNNCell(2),
    "gru": lambda cells: cells.GRUCell(2),
    "basic_lstm": lambda cells: cells.BasicLSTMCell(2),
    "basic_lstm_options": lambda cells: cells.BasicLSTMCell(2, forget_bias=0.0, name="mine"),
    "basic_lstm_concatenated": lambda cells: cells.BasicLSTMCell(2, state_is_tuple=False),
    "lstm": lambda cells: cells.LSTMCell(2),
    "lstm_peepholes": lambda cells: cells.LSTMCell(2, use_peepholes=True, cell_clip=0.3),
    "lstm_projected": lambda cells: cells.LSTMCell(4, num_proj=3, proj_clip=0.1),
    "lstm_concatenated": lambda cells: cells.LSTMCell(2, state_is_tuple=False),
    "stacked": lambda cells: cells.MultiRNNCell([cells.BasicLSTMCell(4), cells.GRUCell(2)]),
    "stacked_concatenated": lambda cells: cells.MultiRNNCell([cells.GRUCell(4), cells.BasicRNNCell(2)], state_is_tuple=False),
    "residual": lambda cells: cells.ResidualWrapper(cells.BasicRNNCell(3)),
    "on_a_device": lambda cells: cells.DeviceWrapper(cells.GRUCell(2), "/cpu:0"),
    "dropout_off": lambda cells: cells.DropoutWrapper(cells.GRUCell(2), output_keep_prob=1.0),
}


def one_step(make):
    def program(tf):
        with tf.variable_scope("model", initializer=ramp(tf)):
            cell = make(tf.nn.rnn_cell)
            state = cell.zero_state(2, tf.float32)
            output, new = cell(tf.constant(_X, name="x"), state)
            again, _ = cell(tf.constant(_X, name="x"), new)
        sizes = [shown(cell.state_size), shown(cell.output_size), [v.name for v in cell.trainable_weights]]
        return facts(tf, [output, new, again], sizes=sizes)

    return program


for _name, _make in CELLS.items():
    programs.add(_name, one_step(_make))


@programs
def activations_of_cells(tf):
    cells = tf.nn.rnn_cell
    kinds = [cells.BasicRNNCell, cells.GRUCell, cells.BasicLSTMCell, cells.LSTMCell]
    outputs = []
    with tf.variable_scope("model", initializer=ramp(tf)):
        for kind in kinds:
            cell = kind(2, activation=tf.nn.relu)
            outputs.append(cell(tf.constant(_X), cell.zero_state(2, tf.float32))[0])
    return facts(tf, outputs)


@programs
def zero_states(tf):
    batch = tf.placeholder(tf.int32, [], name="batch")
    cells = tf.nn.rnn_cell
    cell = cells.MultiRNNCell([cells.BasicLSTMCell(2), cells.GRUCell(3)])
    states = [cell.zero_state(batch, tf.float32), cells.GRUCell(2).zero_state(5, tf.float64)]
    states.append(cells.GRUCell(2).get_initial_state(tf.zeros([7, 3])))
    return facts(tf, states, {batch: 4}, kinds=shown([[s.name for s in flat(states)]]))


@programs
def dropout_of_a_cell(tf):
    tf.set_random_seed(3)
    cells = tf.nn.rnn_cell
    with tf.variable_scope("model", initializer=ramp(tf)):
        keep = tf.placeholder_with_default(0.5, [], name="keep")
        cell = cells.DropoutWrapper(cells.BasicLSTMCell(4), 0.5, keep, 0.75, seed=5)
        output, state = cell(tf.constant(_X), cell.zero_state(2, tf.float32))
    return facts(tf, [output, state])


@programs
def the_same_dropout_at_each_step(tf):
    tf.set_random_seed(3)
    cells = tf.nn.rnn_cell
    with tf.variable_scope("model", initializer=ramp(tf)):
        cell = cells.DropoutWrapper(cells.GRUCell(4), 0.5, 0.5, 0.5, True, input_size=3, dtype=tf.float32, seed=5)
        outputs, state = tf.nn.static_rnn(cell, tf.unstack(tf.constant(_STEPS)), dtype=tf.float32)
    return facts(tf, [outputs, state])


def unrolled(make, **options):
    def program(tf):
        steps = tf.unstack(tf.constant(_STEPS, name="steps"))
        with tf.variable_scope("model", initializer=ramp(tf)):
            outputs, state = tf.nn.static_rnn(make(tf.nn.rnn_cell), steps, dtype=tf.float32, **options)
        return facts(tf, [outputs, state])

    return program


programs.add("static_basic_rnn", unrolled(CELLS["basic_rnn"]))
programs.add("static_lstm", unrolled(CELLS["basic_lstm"], scope="net"))
programs.add("static_stacked", unrolled(CELLS["stacked"]))
programs.add("static_lengths", unrolled(CELLS["basic_rnn"], sequence_length=[4, 2]))


@programs
def static_with_a_free_batch(tf):
    x = tf.placeholder(tf.float32, [None, 4, 3], name="x")
    with tf.variable_scope("model", initializer=ramp(tf)):
        outputs, state = tf.nn.static_rnn(tf.nn.rnn_cell.BasicLSTMCell(2), tf.unstack(x, 4, 1), dtype=tf.float32)
    return facts(tf, [outputs[-1], state], {x: _STEPS.transpose(1, 0, 2)})


@programs
def static_from_a_state(tf):
    cell = tf.nn.rnn_cell.GRUCell(2)
    with tf.variable_scope("model", initializer=ramp(tf)):
        start = tf.constant([[1.0, 2.0], [3.0, 4.0]])
        outputs, state = tf.nn.static_rnn(cell, tf.unstack(tf.constant(_STEPS)), start)
    return facts(tf, [outputs, state], weights=[v.name for v in cell.weights])


@programs
def static_bidirectional(tf):
    cells = tf.nn.rnn_cell
    steps = tf.unstack(tf.constant(_STEPS))
    with tf.variable_scope("model", initializer=ramp(tf)):
        found = tf.nn.static_bidirectional_rnn(cells.BasicLSTMCell(2), cells.GRUCell(2), steps, dtype=tf.float32)
    return facts(tf, found)


def dynamic(make, graph=True, **options):
    def program(tf):
        x = tf.placeholder(tf.float32, [None, None, 3], name="x")
        with tf.variable_scope("model", initializer=ramp(tf)):
            outputs, state = tf.nn.dynamic_rnn(make(tf.nn.rnn_cell), x, dtype=tf.float32, **options)
        found = facts(tf, [outputs, state], {x: _STEPS.transpose(1, 0, 2)})
        return found if graph else {k: v for k, v in found.items() if k != "graph"}

    return program


programs.add("dynamic_basic_rnn", dynamic(CELLS["basic_rnn"]))
programs.add("dynamic_lstm", dynamic(CELLS["basic_lstm"], scope="net"))
programs.add("dynamic_stacked", dynamic(CELLS["stacked"]))
programs.add("dynamic_lengths", dynamic(CELLS["gru"], sequence_length=[4, 2]))


@programs
def dynamic_of_known_shape(tf):
    with tf.variable_scope("model", initializer=ramp(tf)):
        start = tf.constant([[1.0, 2.0], [3.0, 4.0]])
        outputs, state = tf.nn.dynamic_rnn(tf.nn.rnn_cell.GRUCell(2), tf.constant(_STEPS), [3, 1], start, time_major=True)
    return facts(tf, [outputs, state])


@programs
def dynamic_bidirectional(tf):
    cells = tf.nn.rnn_cell
    x = tf.constant(_STEPS.transpose(1, 0, 2))
    with tf.variable_scope("model", initializer=ramp(tf)):
        a = tf.nn.bidirectional_dynamic_rnn(cells.BasicLSTMCell(2), cells.GRUCell(2), x, dtype=tf.float32)
        b = tf.nn.bidirectional_dynamic_rnn(cells.GRUCell(2), cells.GRUCell(2), x, [4, 2], dtype=tf.float32, scope="b")
    return facts(tf, [a, b])


@programs
def a_raw_network(tf):
    cell = tf.nn.rnn_cell.GRUCell(2)
    x = tf.TensorArray(tf.float32, 4).unstack(tf.constant(_STEPS))
    lengths = tf.constant([4, 3])

    def turn(time, output, state, loop_state):
        state = cell.zero_state(2, tf.float32) if output is None else state
        finished = time >= lengths
        more = tf.cond(tf.reduce_all(finished), lambda: tf.zeros([2, 3]), lambda: x.read(time))
        more.set_shape([2, 3])
        return finished, more, state, output, None

    with tf.variable_scope("model", initializer=ramp(tf)):
        outputs, state, last = tf.nn.raw_rnn(cell, turn)
    found = facts(tf, [outputs.stack(), state])
    return {"last": last, "values": found["values"], "collections": found["collections"]["variables"]}


@programs
def training_a_looped_network(tf):
    x = tf.constant(_STEPS.transpose(1, 0, 2))
    with tf.variable_scope("model", initializer=ramp(tf)):
        _, state = tf.nn.dynamic_rnn(tf.nn.rnn_cell.BasicLSTMCell(3), x, [4, 2], dtype=tf.float32)
        loss = tf.reduce_mean(tf.square(tf.layers.dense(state.h, 1) - 1.0))
    train = tf.train.GradientDescentOptimizer(0.5).minimize(loss)
    losses = []
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(4):
            losses.append(sess.run(loss))
            sess.run(train)
        values = sess.run(tf.trainable_variables())
    return {"losses": np.array(losses), "values": values, "variables": tf.trainable_variables()}


@programs
def training_an_unrolled_network(tf):
    x = tf.constant(_STEPS)
    with tf.variable_scope("model", initializer=ramp(tf)):
        outputs, _ = tf.nn.static_rnn(tf.nn.rnn_cell.BasicLSTMCell(3), tf.unstack(x), dtype=tf.float32)
        loss = tf.reduce_mean(tf.square(tf.layers.dense(outputs[-1], 1) - 1.0))
    train = tf.train.GradientDescentOptimizer(0.5).minimize(loss)
    losses = []
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(4):
            losses.append(sess.run(loss))
            sess.run(train)
        values = sess.run(tf.trainable_variables())
    return {"losses": np.array(losses), "values": values, "variables": tf.trainable_variables(), "graph": op_names(tf)}


@programs
def a_cell_of_ones_own(tf):
    class Adder(tf.nn.rnn_cell.RNNCell):
        @property
        def state_size(self):
            return 3

        @property
        def output_size(self):
            return 3

        def call(self, inputs, state):
            w = tf.get_variable("w", [3], initializer=tf.ones_initializer())
            return inputs * w, state + inputs

    cell = Adder()
    outputs, state = tf.nn.static_rnn(cell, tf.unstack(tf.constant(_STEPS)), dtype=tf.float32)
    return facts(tf, [outputs, state], weights=[v.name for v in cell.trainable_weights], name=cell.name)


@programs
def cells_share_by_reuse(tf):
    cells = tf.nn.rnn_cell
    x = tf.constant(_X)
    with tf.variable_scope("a"):
        cell = cells.GRUCell(2)
        cell(x, cell.zero_state(2, tf.float32))
    with tf.variable_scope("a", reuse=True):
        other = cells.GRUCell(2)
        other(x, other.zero_state(2, tf.float32))
    with tf.variable_scope("b"):
        cells.BasicRNNCell(2, name="named")(x, tf.zeros([2, 2]))
        cells.BasicRNNCell(2, name="named", reuse=True)(x, tf.zeros([2, 2]))
    again = error(tf, lambda: cells.BasicRNNCell(2, name="b/named")(x, tf.zeros([2, 2])))
    return {"variables": tf.global_variables(), "again": again, "graph": op_names(tf)}


@programs
def wrong_cells_and_networks(tf):
    cells, nn = tf.nn.rnn_cell, tf.nn
    steps = tf.unstack(tf.constant(_STEPS))
    free = tf.placeholder(tf.float32, [2, None])
    gru = cells.GRUCell(2)
    return {
        "no_cell": error(tf, lambda: nn.static_rnn(3, steps, dtype=tf.float32), "is not an RNNCell"),
        "tensor": error(tf, lambda: nn.static_rnn(gru, tf.constant(_STEPS), dtype=tf.float32), "must be a sequence"),
        "empty": error(tf, lambda: nn.static_rnn(gru, [], dtype=tf.float32), "must not be empty"),
        "no_dtype": error(tf, lambda: nn.static_rnn(gru, steps), "`dtype` must be specified"),
        "free": error(tf, lambda: nn.static_rnn(gru, [free], dtype=tf.float32), "must be accessible via shape inference"),
        "lengths": error(tf, lambda: nn.static_rnn(gru, steps, dtype=tf.float32, sequence_length=[[1, 2]]), "must be a vector"),
        "none": error(tf, lambda: cells.MultiRNNCell([]), "at least one cell"),
        "single": error(tf, lambda: cells.MultiRNNCell(gru), "cells must be a list or tuple"),
        "mixed": error(tf, lambda: cells.MultiRNNCell([cells.LSTMCell(2)], state_is_tuple=False)),
        "keep": error(tf, lambda: cells.DropoutWrapper(gru, 1.5), "must be between 0 and 1"),
        "variational": error(tf, lambda: cells.DropoutWrapper(gru, variational_recurrent=True), "dtype must be provided"),
        "int": error(tf, lambda: cells.GRUCell(2)(tf.constant([[1, 2]]), tf.constant([[1, 2]]))),
        "rank": error(tf, lambda: cells.GRUCell(2)(tf.zeros([3]), tf.zeros([2])), "expected ndim=2"),
        "state": error(tf, lambda: cells.LSTMStateTuple(tf.zeros([1]), tf.zeros([1], tf.float64)).dtype, "Inconsistent"),
    }
