"""How seeds are told: one for the graph, one for the op. Source: `tf.set_random_seed`, `tf.get_seed`."""

from __future__ import annotations

from teachtf.core import settings
from teachtf.core.graph import get_default_graph

DEFAULT_GRAPH_SEED = 87654321
_LIMIT = 2**31 - 1


def set_random_seed(seed: int) -> None:
    """Make every random op of the default graph repeatable from run to run of the program."""
    get_default_graph().seed = seed


def get_seed(op_seed: int | None) -> tuple[int | None, int | None]:
    """The two seeds of a random op: (graph seed, op seed), or (None, None) for one that differs each time."""
    graph = get_default_graph()
    if graph.seed is not None:
        if op_seed is None:
            op_seed = graph._next_id if settings.seeds_count_all_operations else graph._unseeded_ops
            graph._unseeded_ops += 1
        seeds = graph.seed, op_seed
    elif op_seed is not None:
        seeds = DEFAULT_GRAPH_SEED, op_seed
    else:
        return None, None
    first, second = seeds[0] % _LIMIT, seeds[1] % _LIMIT
    if (first, second) == (0, 0):
        return 0, _LIMIT  # two zeros would mean "no seed" to the kernel
    return first, second
