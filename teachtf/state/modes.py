"""How variables that several replicas hold would be kept in step: enumerations that TensorFlow's signatures name.

teachtf has one copy of each variable, so these are checked, remembered and written to protos, no more.
"""

from __future__ import annotations

from enum import Enum
from typing import Any


class VariableSynchronization(Enum):
    """When a variable that is kept in several copies is brought together. Source: `tf.VariableSynchronization`."""

    AUTO = 0
    NONE = 1
    ON_WRITE = 2
    ON_READ = 3


class VariableAggregation(Enum):
    """How the copies of a variable are brought together. Source: `tf.VariableAggregation`."""

    NONE = 0
    SUM = 1
    MEAN = 2
    ONLY_FIRST_REPLICA = 3
    ONLY_FIRST_TOWER = 3  # the name before TensorFlow 1.13

    def __hash__(self) -> int:
        return hash(self.value)


def checked_modes(
    synchronization: Any, aggregation: Any, trainable: bool | None, name: str | None
) -> tuple[VariableSynchronization, VariableAggregation, bool]:
    """The modes of a variable with their defaults filled in; what is read on demand is not trained.

    Raises:
      ValueError: a mode is none.
    """
    try:
        aggregation = VariableAggregation(0 if aggregation is None else aggregation)
    except ValueError:
        raise ValueError(f"Invalid variable aggregation mode: {aggregation} for variable: {name}") from None
    try:
        synchronization = VariableSynchronization(0 if synchronization is None else synchronization)
    except ValueError:
        raise ValueError(f"Invalid variable synchronization mode: {synchronization} for variable: {name}") from None
    if trainable is None:
        trainable = synchronization != VariableSynchronization.ON_READ
    return synchronization, aggregation, trainable
