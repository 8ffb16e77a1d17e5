"""How a graph runs: sessions, plans, placement. For programs: `tf.runtime.explain`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from teachtf.runtime.inspection.explanation import Explanation

__all__ = ["explain"]


def explain(fetches: Any, feed_dict: Any = None, session: Any = None, run: bool = False) -> Explanation:
    """The plan that `session.run(fetches, feed_dict)` follows: kernels, fusions, memory, devices, code. teachtf's own.

    Args:
      fetches, feed_dict: as for `tf.Session.run`. The fed values say shapes; with no feeds, shapes are what the graph knows.
      session: whose plan; by default the default session, or else a new one on the default graph.
      run: whether to run the plan, once: then the lines have measured times, real shapes and sizes. Otherwise nothing runs.

    Returns:
      An `Explanation`. `print` shows a table, a notebook draws it; `.graph()` is the picture, `.to_dict()` all of it as plain
      data, `.source` the plan's Python, `.chrome_trace()` the measured times for Chrome's page of time.

    Raises:
      RuntimeError, TypeError, ValueError: as `tf.Session.run` does for wrong fetches and feeds.
      tf.errors.OpError: an operation failed (with `run`).

    >>> import teachtf as tf
    >>> with tf.Graph().as_default():
    ...     x = tf.placeholder(tf.float32, [None, 3], name="x")
    ...     y = tf.nn.softmax(tf.tanh(x * 2.0 + 1.0), name="y")
    ...     print(tf.runtime.explain(y, {x: [[1.0, 2.0, 3.0]]}))
    Plan of y on CPU:0: 2 kernels for 7 of the graph's 7 operations.
    <BLANKLINE>
    step  kernel   gives  type            from         memory  then frees  in use  code
    ----  -------  -----  --------------  -----------  ------  ----------  ------  -----
       1  fused 3  Tanh   float32 [1, 3]  x, 2.0, 1.0    12 B                12 B  NumPy
            mul  = x * 2.0
            add  = mul + 1.0
            Tanh = tanh(add)
       2  Softmax  y      float32 [1, 3]  #1             12 B  #1            24 B  NumPy
    <BLANKLINE>
    fed     x float32 [1, 3]
    memory  results take 24 B at most at once
    """
    from teachtf.runtime.inspection import explanation

    return explanation.explain(fetches, feed_dict, session, run)
