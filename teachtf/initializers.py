"""`tf.initializers`: how variables start."""

from __future__ import annotations

from teachtf.state.collections import global_variables_initializer as global_variables
from teachtf.state.collections import local_variables_initializer as local_variables
from teachtf.state.collections import tables_initializer
from teachtf.state.collections import variables_initializer as variables
from teachtf.state.initializers import Constant as constant
from teachtf.state.initializers import GlorotNormal as glorot_normal
from teachtf.state.initializers import GlorotUniform as glorot_uniform
from teachtf.state.initializers import Identity as identity
from teachtf.state.initializers import Ones as ones
from teachtf.state.initializers import Orthogonal as orthogonal
from teachtf.state.initializers import RandomNormal as random_normal
from teachtf.state.initializers import RandomUniform as random_uniform
from teachtf.state.initializers import TruncatedNormal as truncated_normal
from teachtf.state.initializers import UniformUnitScaling as uniform_unit_scaling
from teachtf.state.initializers import VarianceScaling as variance_scaling
from teachtf.state.initializers import Zeros as zeros
from teachtf.state.initializers import (
    he_normal,
    he_uniform,
    lecun_normal,
    lecun_uniform,
)

__all__ = [
    "constant",
    "global_variables",
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "identity",
    "lecun_normal",
    "lecun_uniform",
    "local_variables",
    "ones",
    "orthogonal",
    "random_normal",
    "random_uniform",
    "tables_initializer",
    "truncated_normal",
    "uniform_unit_scaling",
    "variables",
    "variance_scaling",
    "zeros",
]
