"""What docs/kernels.md says of CUDA is what the kernels say."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path


def test_the_record_is_true() -> None:
    path = Path(__file__).resolve().parents[2] / "docs" / "make_kernels.py"
    spec = importlib.util.spec_from_file_location("make_kernels", path)
    assert spec is not None and spec.loader is not None
    make_kernels = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make_kernels)
    recorded = json.loads(make_kernels.RECORD.read_text(encoding="utf-8"))
    assert recorded == make_kernels.cuda_record(), "write it again, with this Python: python docs/make_kernels.py"
