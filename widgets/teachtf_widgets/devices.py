"""Where operations are: what each asked for, or where a session placed it."""

from __future__ import annotations

from typing import Any

#: What stands in the place of a device where an operation asked for none.
NOWHERE = "no device asked for"
#: What stands there for a folded scope whose operations are on several devices.
SEVERAL = "several devices"


def device_of(source: Any, graph: Any) -> dict[str, str]:
    """Returns the device of each operation by name.

    Args:
        source: a session, which says where it placed them; anything else leaves what they asked for.
        graph: the graph.
    """
    placement = getattr(type(source), "placement", None)
    found = placement(source) if placement is not None else {op.name: op.device for op in graph.get_operations()}
    return {name: short(device) for name, device in found.items()}


def short(device: str) -> str:
    """Returns a device string without what every device here shares.

    >>> short("/job:localhost/replica:0/task:0/device:GPU:1"), short("/job:ps/replica:0/task:7/device:CPU:0")
    ('/device:GPU:1', '/job:ps/task:7/device:CPU:0')
    >>> short("/job:localhost"), short("/job:ps/task:7")
    ('/job:localhost', '/job:ps/task:7')
    """
    local, _, rest = device.partition("/job:localhost/replica:0/task:0/")
    if rest and not local:
        return "/" + rest
    return device.replace("/replica:0/", "/") if "/task:" in device else device


def together(devices: list[str]) -> str:
    """Returns the one device of several operations, or `SEVERAL`."""
    different = set(devices)
    return different.pop() if len(different) == 1 else SEVERAL
