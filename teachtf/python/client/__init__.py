"""`from teachtf.python.client import timeline`, as old programs write it."""

from teachtf.runtime import timeline

__all__ = ["timeline"]
