"""A session: it owns the values of variables and runs graphs by plans. Source: `tf.Session`."""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from teachtf.core import errors
from teachtf.core.graph import Graph, _session_stack, get_default_graph
from teachtf.core.tensor import Tensor
from teachtf.kernels.registry import State
from teachtf.runtime import structures
from teachtf.runtime.placement import Devices

_PLANS_KEPT = 256  # plans a session: a loop that makes new fetches each turn must not eat the memory


class BaseSession(errors.Suggesting):
    """What `Session` and `InteractiveSession` share."""

    def __init__(self, target: str = "", graph: Graph | None = None, config: Any = None) -> None:
        if graph is None:
            graph = get_default_graph()
        elif not isinstance(graph, Graph):
            raise TypeError(f'Argument `graph` must be a tf.Graph, but got "{type(graph).__name__}"')
        if target:
            raise errors.UnimplementedError(
                None, None, f"tf.Session(target={target!r}): teachtf runs graphs in this process only; leave out the target"
            )
        if config is not None and not hasattr(config, "allow_soft_placement"):
            raise TypeError(f'Argument `config` must be a tf.ConfigProto, but got "{type(config).__name__}"')
        self._graph = graph
        self._config = config
        self._closed = False
        self._state = State()
        self._plans: dict[Any, Any] = {}
        self._lock = threading.Lock()
        counts = {"CPU": 1}
        if config is not None:
            counts.update(config.device_count)
        self._devices = Devices(counts, soft=bool(config is not None and config.allow_soft_placement))

    @property
    def graph(self) -> Graph:
        """The graph that this session runs."""
        return self._graph

    @property
    def graph_def(self) -> Any:
        """The graph as a GraphDef."""
        return self._graph.as_graph_def()

    @property
    def sess_str(self) -> str:
        """The target that the session was made for."""
        return ""

    def list_devices(self) -> list[str]:
        """The names of the devices of this session."""
        return list(self._devices.names)

    def as_default(self) -> AbstractContextManager[Any]:
        """A block in which `eval()` and `run()` use this session."""
        return _session_stack.pushed(self, "Session")

    def run(self, fetches: Any, feed_dict: Any = None, options: Any = None, run_metadata: Any = None) -> Any:
        """Compute `fetches`.

        Args:
          fetches: a tensor, operation, variable or name, or lists, tuples, namedtuples and dictionaries of them.
          feed_dict: tensor -> value to use for it in this run.
          options: a `RunOptions`, accepted.
          run_metadata: a `RunMetadata`, accepted.

        Returns:
          The values in the structure of `fetches`: arrays and numpy scalars, None for operations. They are the caller's to
          keep and change.

        Raises:
          RuntimeError: the session is closed, or the graph is empty.
          TypeError, ValueError: a fetch or feed is none, or does not fit.
          tf.errors.OpError: an operation failed; the error names it and the line that built it.

        Source: `tf.Session.run`.
        """
        if self._closed:
            raise RuntimeError("Attempted to use a closed Session.")
        graph = self._graph
        if not graph._operations:
            raise RuntimeError("The Session graph is empty. Add operations to the graph before calling run().")
        fed = structures.feeds(graph, feed_dict)
        simple = isinstance(fetches, Tensor) and fetches._op._graph is graph and graph.is_fetchable(fetches)
        flat, rebuild = ([fetches], None) if simple else structures.flatten(graph, fetches)
        plan = self._plan(flat, list(fed))
        try:
            with np.errstate(all="ignore"):  # in a graph, log(0) is -inf and nothing to warn of
                values = plan.run(*fed.values())
        except Exception as error:
            raise self._explained(plan, error) from None
        return values[0] if rebuild is None else rebuild(values)

    def _plan(self, fetches: list[Any], fed: list[Tensor]) -> Any:
        key = (tuple(fetches), tuple(fed), self._graph._changes)
        plan = self._plans.get(key)
        if plan is None:
            from teachtf.runtime.plan import Plan  # kernels are imported with the first run, not with the library

            with self._lock:
                with np.errstate(all="ignore"):  # constants are computed now
                    plan = Plan(fetches, fed, self._state, self._devices)
                while len(self._plans) >= _PLANS_KEPT:
                    self._plans.pop(next(iter(self._plans)))
                self._plans[key] = plan
            self._log_placement(plan)
        return plan

    def _log_placement(self, plan: Any) -> None:
        if self._config is not None and self._config.log_device_placement:
            import sys

            for op, device in plan.placement.items():
                print(f"{op.name}: ({op.type}): {device}", file=sys.stderr)

    def _explained(self, plan: Any, error: Exception) -> BaseException:
        op = plan.failed_op(error)
        told = structures.run_error(error, op)
        if isinstance(told, errors.FailedPreconditionError) and "uninitialized" in told.message:
            missing = plan.uninitialized()
            reads = (r for v in missing for r in v.outputs[0].consumers() if r.name == f"{v.name}/read")
            direct = told.op is not None and any(v.outputs[0] in told.op.inputs for v in missing)  # as SaveV2 takes them
            return type(told)(
                None,
                told.op if direct else next(reads, told.op),
                f"{told.message}\nWithout a value: {', '.join(v.name for v in missing)}. Run an initializer first: "
                "sess.run(tf.global_variables_initializer()), or restore a checkpoint with tf.train.Saver.",
            )
        if type(told) is errors.InternalError:
            told.__cause__ = error
        return told

    def make_callable(self, fetches: Any, feed_list: Any = None, accept_options: bool = False) -> Any:
        """A function of the values for `feed_list` that runs `fetches`. Source: `tf.Session.make_callable`."""
        keys = [self._graph.as_graph_element(f, allow_operation=False) for f in feed_list or []]

        def call(*values: Any, **options: Any) -> Any:
            if len(values) != len(keys):
                raise TypeError(f"This callable takes {len(keys)} feed values, got {len(values)}")
            return self.run(fetches, dict(zip(keys, values, strict=True)))

        return call

    def close(self) -> None:
        """Give up the values of all variables; no run after this."""
        self._closed = True
        self._plans.clear()
        self._state = State()


class Session(BaseSession):
    """Runs a graph and keeps its variables.

    Args:
      target: accepted empty; there is one process.
      graph: the graph to run, by default the default one.
      config: a `tf.ConfigProto`.

    Source: `tf.Session`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     print(sess.run(tf.constant(2.0) + 3.0))
    5.0
    """

    def __init__(self, target: str = "", graph: Graph | None = None, config: Any = None) -> None:
        super().__init__(target, graph, config)
        self._contexts: list[Any] = []

    def __enter__(self) -> Session:
        contexts = [self._graph.as_default(), self.as_default()]
        for context in contexts:
            context.__enter__()
        self._contexts.append(contexts)
        return self

    def __exit__(self, *exception: Any) -> None:
        for context in reversed(self._contexts.pop()):
            context.__exit__(*exception)
        self.close()

    @staticmethod
    def reset(target: str, containers: Any = None, config: Any = None) -> None:
        """Accepted; each session has its own variables here, so there is nothing to reset."""


class InteractiveSession(BaseSession):
    """A session that is the default one until it is closed, for notebooks. Source: `tf.InteractiveSession`."""

    def __init__(self, target: str = "", graph: Graph | None = None, config: Any = None) -> None:
        super().__init__(target, graph, config)
        self._explicit_graph = graph
        self._default_session = self.as_default()
        self._default_session.__enter__()
        self._default_graph: Any = None
        if graph is not None:
            self._default_graph = graph.as_default()
            self._default_graph.__enter__()

    def close(self) -> None:
        """Give up the variables and stop being the default session."""
        super().close()
        if self._default_graph is not None:
            self._default_graph.__exit__(None, None, None)
            self._default_graph = None
        if self in _session_stack.items:
            _session_stack.items.remove(self)
