"""`from teachtf.python.tools import inspect_checkpoint`, as old programs write it."""

from teachtf.tools import inspect_checkpoint

__all__ = ["inspect_checkpoint"]
