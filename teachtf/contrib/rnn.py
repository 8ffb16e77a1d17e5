"""`tf.contrib.rnn`: the cells and networks of `tf.nn`, under their older names."""

from __future__ import annotations

from teachtf.modeling.dynamic_rnn import bidirectional_dynamic_rnn, dynamic_rnn, raw_rnn
from teachtf.modeling.rnn import static_bidirectional_rnn, static_rnn
from teachtf.rnn_cell import (
    BasicLSTMCell,
    BasicRNNCell,
    DeviceWrapper,
    DropoutWrapper,
    GRUCell,
    LSTMCell,
    LSTMStateTuple,
    MultiRNNCell,
    ResidualWrapper,
    RNNCell,
)

__all__ = [
    "BasicLSTMCell",
    "BasicRNNCell",
    "DeviceWrapper",
    "DropoutWrapper",
    "GRUCell",
    "LSTMCell",
    "LSTMStateTuple",
    "MultiRNNCell",
    "RNNCell",
    "ResidualWrapper",
    "bidirectional_dynamic_rnn",
    "dynamic_rnn",
    "raw_rnn",
    "static_bidirectional_rnn",
    "static_rnn",
]
