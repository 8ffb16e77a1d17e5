"""`tf.random`: seeds and random tensors. Each name is explained where it is defined."""

from __future__ import annotations

from teachtf.core.seeds import get_seed, set_random_seed
from teachtf.ops.candidates import (
    all_candidate_sampler,
    fixed_unigram_candidate_sampler,
    learned_unigram_candidate_sampler,
    log_uniform_candidate_sampler,
    uniform_candidate_sampler,
)
from teachtf.ops.random import categorical, multinomial, truncated_normal
from teachtf.ops.random import random_normal as normal
from teachtf.ops.random import random_shuffle as shuffle
from teachtf.ops.random import random_uniform as uniform
from teachtf.ops.random_distributions import random_gamma as gamma
from teachtf.ops.random_distributions import random_poisson as poisson
from teachtf.ops.stateless_random import (
    stateless_categorical,
    stateless_multinomial,
    stateless_truncated_normal,
)
from teachtf.ops.stateless_random import stateless_random_normal as stateless_normal
from teachtf.ops.stateless_random import stateless_random_uniform as stateless_uniform

__all__ = [
    "all_candidate_sampler",
    "fixed_unigram_candidate_sampler",
    "learned_unigram_candidate_sampler",
    "log_uniform_candidate_sampler",
    "uniform_candidate_sampler",
    "categorical",
    "gamma",
    "get_seed",
    "multinomial",
    "normal",
    "poisson",
    "set_random_seed",
    "shuffle",
    "stateless_categorical",
    "stateless_multinomial",
    "stateless_normal",
    "stateless_truncated_normal",
    "stateless_uniform",
    "truncated_normal",
    "uniform",
]
