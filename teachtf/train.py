"""`tf.train`: training and keeping models."""

from __future__ import annotations

from teachtf.state.collections import global_step as get_global_step
from teachtf.training.optimizer import AdamOptimizer, GradientDescentOptimizer, MomentumOptimizer, Optimizer

__all__ = [
    "AdamOptimizer",
    "GradientDescentOptimizer",
    "MomentumOptimizer",
    "Optimizer",
    "get_global_step",
]
