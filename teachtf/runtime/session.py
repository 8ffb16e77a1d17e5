"""A session: it owns the values of variables and runs graphs by plans. Source: `tf.Session`."""

from __future__ import annotations

import itertools
import threading
import weakref
from contextlib import AbstractContextManager, suppress
from typing import Any

import numpy as np

from teachtf.core import errors, source
from teachtf.core.graph import Graph, _session_stack, get_default_graph
from teachtf.core.tensor import Tensor
from teachtf.kernels.registry import State
from teachtf.runtime import cluster, partial, structures
from teachtf.runtime.explaining import explained, tell_of_graphs
from teachtf.runtime.growth import GrowthWatch
from teachtf.runtime.handles import handed_out
from teachtf.runtime.machine import LOCAL_TASK, Device, mapping, task_devices
from teachtf.runtime.placement import Devices

_PLANS_KEPT = 256  # plans a session: a loop that makes new fetches each turn must not eat the memory
_open_sessions: weakref.WeakSet[BaseSession] = weakref.WeakSet()  # those that `Session.reset` can close


class BaseSession(errors.Suggesting):
    """What `Session` and `InteractiveSession` share."""

    def __init__(self, target: Any = "", graph: Graph | None = None, config: Any = None) -> None:
        self._made = source.user_stack(), graph is not None
        if graph is None:
            graph = get_default_graph()
        elif not isinstance(graph, Graph):
            raise TypeError(f'Argument `graph` must be a tf.Graph, but got "{type(graph).__name__}"')
        if not isinstance(target, (str, bytes)):
            hint = " The graph goes by name: tf.Session(graph=...)." if isinstance(target, Graph) else ""
            raise TypeError(f'Argument `target` must be a string, but got "{type(target).__name__}"{hint}')
        if config is not None and not hasattr(config, "allow_soft_placement"):
            raise TypeError(f'Argument `config` must be a tf.ConfigProto, but got "{type(config).__name__}"')
        self._graph = graph
        self._target = target.decode() if isinstance(target, bytes) else target
        self._state = State()
        if self._target:
            server = cluster.server_at(self._target)
            config = server.default_config if config is None else config
            task, devices = server.task, server.session_devices(config)
            if not config.isolate_session_state:
                self._state.cells = server.state.cells
        else:
            task = LOCAL_TASK
            devices = task_devices(task, config) + cluster.virtual_tasks(None if config is None else config.cluster_def)
        self._config = config
        soft = config is not None and config.allow_soft_placement
        pruned = isinstance(self, InteractiveSession) or (config is not None and config.graph_options.place_pruned_graph)
        self._devices = Devices(devices, task, soft, pruned)
        self._timeout = 0 if config is None else config.operation_timeout_in_ms
        self._closed = self._cancelled = False
        self._plans: dict[Any, Any] = {}
        self._lock = threading.Lock()
        self._growth = GrowthWatch()
        self._logged: set[Any] = set()
        self._partial: dict[str, partial.PartialRun] = {}
        self._handles = itertools.count()
        _open_sessions.add(self)
        if config is not None and config.log_device_placement and self._devices.gpus:
            print(mapping(devices))

    @property
    def graph(self) -> Graph:
        """The graph that this session runs."""
        return self._graph

    @property
    def graph_def(self) -> Any:
        """The graph as a GraphDef."""
        return self._graph.as_graph_def()

    @property
    def sess_str(self) -> bytes:
        """The target that the session was made for."""
        return self._target.encode()

    def list_devices(self) -> list[Device]:
        """The devices of this session, each with name, device_type, memory_limit_bytes and incarnation.

        Raises:
          CancelledError: the session is closed.
        """
        if self._closed or self._cancelled:
            raise errors.CancelledError(None, None, "Session has been closed.")
        return list(self._devices.all)

    def placement(self) -> dict[str, str]:
        """The device of each operation of the graph, by name, as this session places them. teachtf's own.

        Raises:
          InvalidArgumentError: an operation asks for a device that is not here.
        """
        return {op.name: device for op, device in self._devices.place(self._graph._operations.values()).items()}

    def as_default(self) -> AbstractContextManager[Any]:
        """A block in which `eval()` and `run()` use this session."""
        return _session_stack.pushed(self, f"{type(self)}")

    def run(self, fetches: Any, feed_dict: Any = None, options: Any = None, run_metadata: Any = None) -> Any:
        """Compute `fetches`.

        Args:
          fetches: a tensor, operation, variable or name, or lists, tuples, namedtuples and dictionaries of them.
          feed_dict: tensor -> value to use for it in this run.
          options: a `RunOptions`: `trace_level`, `output_partition_graphs` and `timeout_in_ms` count.
          run_metadata: a `RunMetadata`, which a traced run fills in.

        Returns:
          The values in the structure of `fetches`: arrays and numpy scalars, None for operations. They are the caller's to
          keep and change.

        Raises:
          RuntimeError: the session is closed, or the graph is empty.
          TypeError, ValueError: a fetch or feed is none, or does not fit.
          tf.errors.OpError: an operation failed; the error names it and the line that built it.

        Source: `tf.Session.run`.
        """
        graph = self._ready()
        try:
            fed = structures.feeds(graph, feed_dict)
            simple = isinstance(fetches, Tensor) and fetches._op._graph is graph and graph.is_fetchable(fetches)
            flat, rebuild = ([fetches], None) if simple else structures.flatten(graph, fetches)
        except (TypeError, ValueError) as error:
            tell_of_graphs(error, graph, *self._made)
            raise
        if options is not None or self._timeout:
            values = self._run_with_options(flat, fed, options, run_metadata)
        else:
            values = self._run(self._plan(flat, list(fed)), fed)
        return values[0] if rebuild is None else rebuild(values)

    def _ready(self) -> Graph:
        if self._closed:
            raise RuntimeError("Attempted to use a closed Session.")
        if self._cancelled:
            raise errors.CancelledError(None, None, "Session has been closed.")
        graph = self._graph
        if not graph._operations:
            raise RuntimeError("The Session graph is empty. Add operations to the graph before calling run().")
        if len(graph._operations) != self._devices.checked:
            with self._lock:
                self._growth.look(graph)
                self._devices.check(graph)
        return graph

    def _run(self, plan: Any, fed: dict[Tensor, Any], **tracing: Any) -> Any:
        try:
            with np.errstate(all="ignore"):  # in a graph, log(0) is -inf and nothing to warn of
                values = plan.run(*fed.values(), **tracing)
        except Exception as error:
            raise explained(plan, error) from None
        return handed_out(values, plan, self._state) if plan.handles else values

    def _run_with_options(self, flat: list[Any], fed: dict[Tensor, Any], options: Any, metadata: Any) -> Any:
        from teachtf.runtime import deadline, tracing

        timeout = self._timeout
        traced = False
        if options is not None:
            if not hasattr(options, "trace_level"):
                raise TypeError(f"`options` must be a tf.RunOptions, but got {type(options).__name__}")
            timeout = options.timeout_in_ms or timeout
            traced = metadata is not None and options.trace_level != type(options).NO_TRACE
        plan = self._plan(flat, list(fed), traced or timeout > 0)
        watchers: list[Any] = [deadline.Deadline(timeout)] if timeout > 0 else []
        trace = tracing.Trace(plan.placement)
        if traced:
            watchers.insert(0, trace)

        def seen(op: Any, start: int, results: Any) -> None:
            for watcher in watchers:
                watcher.seen(op, start, results)

        values = self._run(plan, fed, **({"seen": seen} if watchers else {}))
        if traced:
            trace.write(metadata)
        if metadata is not None and options is not None and options.output_partition_graphs:
            tracing.partition_graphs(metadata, plan.ops, plan.placement)
        return values

    def _plan(self, fetches: list[Any], fed: list[Tensor], traced: bool = False) -> Any:
        key = (tuple(fetches), tuple(fed), self._graph._changes, traced)
        plan = self._plans.get(key)
        if plan is None:
            with self._lock:
                plan = self._new_plan(fetches, fed, traced=traced)
                while len(self._plans) >= _PLANS_KEPT:
                    self._plans.pop(next(iter(self._plans)))
                self._plans[key] = plan
        return plan

    def _new_plan(self, fetches: list[Any], fed: list[Tensor], **how: Any) -> Any:
        from teachtf.runtime.plan import Plan  # kernels are imported with the first run, not with the library

        if not fetches:
            self._devices.place(self._graph._operations.values())
        with np.errstate(all="ignore"):  # constants are computed now
            plan: Any = Plan(fetches, fed, self._state, self._devices, **how)
        plan.handles = [
            (i, f.op)
            for i, f in enumerate(fetches)
            if isinstance(f, Tensor) and f.op.type == "GetSessionHandle" and f not in fed
        ]
        if self._config is not None and self._config.log_device_placement:
            every = self._devices.place(self._graph._operations.values())
            for op in every.keys() - self._logged if self._logged else every:
                print(f"{op.name}: ({op.type}): {every[op]}")
            self._logged = set(every)
        return plan

    def make_callable(self, fetches: Any, feed_list: Any = None, accept_options: bool = False) -> Any:
        """A function of the values for `feed_list` that runs `fetches`.

        Args:
          accept_options: whether the function takes `options` and `run_metadata` as `run` does.

        Raises:
          TypeError: `feed_list` is no list.

        Source: `tf.Session.make_callable`.
        """
        if feed_list is not None and not isinstance(feed_list, (list, tuple)):
            raise TypeError(f"Argument `feed_list` must be a list or tuple. Received: feed_list={feed_list}")
        flat, rebuild = structures.flatten(self._graph, fetches)
        keys = [self._graph.as_graph_element(f, allow_operation=False) for f in feed_list or []]

        def call(*values: Any, options: Any = None, run_metadata: Any = None) -> Any:
            if self._closed and not keys:
                raise errors.CancelledError(None, None, "Session has been closed.")
            feeds = dict(zip(keys, values, strict=False))  # as in TensorFlow, a missing value is told of by its placeholder
            return rebuild(self.run(flat, feeds, options if accept_options else None, run_metadata if accept_options else None))

        return call

    def partial_run_setup(self, fetches: Any, feeds: Any = None) -> str:
        """Begin a run that goes on from call to call of `partial_run`.

        Args:
          fetches: all that will be asked for.
          feeds: all tensors that will be fed.

        Returns:
          A handle for `partial_run`.

        Raises:
          RuntimeError: the session is closed.
          TypeError, ValueError: a fetch or feed is none.
          InvalidArgumentError: there is nothing to fetch.

        Source: `tf.Session.partial_run_setup`.
        """
        graph = self._ready()
        flat, _ = structures.flatten(graph, fetches)
        if not flat:
            raise errors.InvalidArgumentError(None, None, "Must specify at least one target to fetch or execute.")
        fed = partial.feed_keys(graph, feeds or [])
        names = [",".join(element.name for element in elements) for elements in (fed, flat)]
        handle = f"{names[0]}->{names[1]}//1/;{next(self._handles)}"
        self._partial[handle] = partial.PartialRun(flat, fed)
        return handle

    def partial_run(self, handle: str, fetches: Any, feed_dict: Any = None) -> Any:
        """Go on with a run: take more feeds and give more fetches. Each operation runs at most once over all calls.

        Args:
          handle: what `partial_run_setup` gave.
          fetches, feed_dict: as in `run`, some of what was set up.

        Raises:
          InvalidArgumentError: a feed or fetch was not set up, comes again, or cannot be computed from what has been fed.

        Source: `tf.Session.partial_run`.

        >>> import teachtf as tf
        >>> with tf.Graph().as_default(), tf.Session() as sess:
        ...     a, b = tf.placeholder(tf.float32, name="a"), tf.placeholder(tf.float32, name="b")
        ...     total = a + 1.0
        ...     product = total * b
        ...     handle = sess.partial_run_setup([total, product], [a, b])
        ...     first = sess.partial_run(handle, total, {a: 2.0})
        ...     print(first, sess.partial_run(handle, product, {b: first}))
        3.0 9.0
        """
        graph = self._ready()
        run = self._partial.get(handle)
        if run is None:
            raise errors.InvalidArgumentError(None, None, "Must run 'setup' before performing partial runs!")
        fed = structures.feeds(graph, feed_dict)
        flat, rebuild = structures.flatten(graph, fetches)

        def compute(wanted: list[Any], known: dict[Tensor, Any], done: frozenset[Any]) -> Any:
            return self._run(self._new_plan(wanted, list(known), done=done), known)

        values = run.step(flat, fed, compute)
        if run.finished:
            del self._partial[handle]
        return rebuild(values)

    def close(self) -> None:
        """Give up the values of all variables; no run after this. Those of a cluster stay with its servers."""
        self._closed = True
        self._plans.clear()
        self._partial.clear()
        self._state = State()


class Session(BaseSession):
    """Runs a graph and keeps its variables.

    Args:
      target: empty, or the target of a `tf.train.Server` of this process.
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
        if self._contexts:
            raise RuntimeError(
                "Session context managers are not re-entrant. Use `Session.as_default()` if you want to enter a session "
                "multiple times."
            )
        self._contexts = [self._graph.as_default(), self.as_default()]
        for context in self._contexts:
            context.__enter__()
        return self

    def __exit__(self, *exception: Any) -> None:
        contexts, self._contexts = self._contexts, []
        for context in reversed(contexts):
            context.__exit__(*exception)
        self.close()

    @staticmethod
    def reset(target: str, containers: Any = None, config: Any = None) -> None:
        """Close all sessions that have this target, and forget the variables of a server's cluster.

        Args:
          target: the target of a `tf.train.Server`; empty for the sessions that have none.
          containers: None; containers by name are not kept apart.

        Raises:
          UnimplementedError: containers are named.
        """
        if containers:
            raise errors.UnimplementedError(None, None, "tf.Session.reset forgets all variables: leave out `containers`")
        for session in list(_open_sessions):
            if session._target == target:
                session._cancelled = True
        if target:
            for cell in cluster.server_at(target).state.cells.values():
                cell.value = None


class InteractiveSession(BaseSession):
    """A session that is the default one until it is closed, for notebooks. It places only what runs, not the whole graph.

    Source: `tf.InteractiveSession`.
    """

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
            with suppress(AssertionError):  # these may be closed in any order
                self._default_graph.__exit__(None, None, None)
            self._default_graph = None
        if self in _session_stack.items:
            _session_stack.items.remove(self)
