"""What a person sees of teachtf in a notebook: graphs, scopes, tensors, checkpoints, training curves and images.

    import teachtf as tf
    from teachtf_widgets import graph_view, scope_tree, tensor_table

Importing this package makes a notebook draw graphs, operations, tensors, variables and plans left as a cell's last line.
Everything drawn is HTML or a picture that stays in the saved notebook; `.widget()` of a table or tree gives a version
that tells Python what was clicked.
"""

from __future__ import annotations

from .display import load_ipython_extension, register_rich_display
from .graph_view import GraphView, graph_view
from .images import ImageGrid, show_images
from .live_curve import LiveCurve, live_curve
from .plan_view import PlanView, plan_view
from .scope_tree import ScopeTree, scope_tree
from .tables import CheckpointBrowser, TensorTable, checkpoint_browser, tensor_table

__all__ = [
    "CheckpointBrowser",
    "GraphView",
    "ImageGrid",
    "LiveCurve",
    "PlanView",
    "ScopeTree",
    "TensorTable",
    "checkpoint_browser",
    "graph_view",
    "live_curve",
    "load_ipython_extension",
    "plan_view",
    "register_rich_display",
    "scope_tree",
    "show_images",
    "tensor_table",
]

register_rich_display()
