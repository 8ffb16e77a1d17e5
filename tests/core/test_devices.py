"""Device strings as TensorFlow reads and writes them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from teachtf.core import devices
from teachtf.core.devices import DeviceSpec


def test_as_tensorflow(differences: Any) -> None:
    """Only the text of errors differs: it is that of TensorFlow 1, with the form that is read, or says what needs a number."""
    for expression, theirs, ours in differences("devices"):
        if theirs.replace("DeviceSpecV2", "DeviceSpec") == ours:  # Python's own text, with the name of the class
            continue
        assert theirs.startswith("ValueError: "), (expression, theirs, ours)
        assert ours.startswith("ValueError: Unknown attribute: ") or "needs a number" in ours, (expression, theirs, ours)


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ("/foo:1", "Unknown attribute: 'foo' in '/foo:1'. Devices read as /job:<name>/replica:<n>/task:<n>/device:<type>:<n>"),
        ("/jobs:a", "Unknown attribute: 'jobs' in '/jobs:a'. Did you mean 'job'? Devices read as "),
        ("/task:x", "'task:x' in the device '/task:x' needs a number after the colon, not 'x'"),
        ("/cpu:0/gpu:0", "Multiple device types are not allowed while parsing the device spec: /cpu:0/gpu:0."),
    ],
)
def test_malformed(spec: str, text: str) -> None:
    with pytest.raises(ValueError) as caught:
        DeviceSpec.from_string(spec)
    assert str(caught.value).startswith(text)


def test_a_failed_parse_changes_nothing() -> None:
    spec = DeviceSpec(job="ps")
    with pytest.raises(ValueError):
        spec.parse_from_string("/task:1/foo:2")
    assert spec.to_string() == "/job:ps"


def test_inner_wins_field_by_field() -> None:
    op = SimpleNamespace(device="")
    for spec in ("/job:ps", "/device:CPU:0", "/job:worker", "/device:GPU:0"):  # innermost first
        op.device = devices.merge_device(spec)(op).to_string()
    assert op.device == "/job:ps/device:CPU:0"


def test_merger_keeps_the_spec_as_it_was() -> None:
    spec = DeviceSpec(job="ps")
    merger = devices.merge_device(spec)
    spec.job = "worker"
    assert merger(SimpleNamespace(device="")).to_string() == "/job:ps" and spec.to_string() == "/job:worker"
