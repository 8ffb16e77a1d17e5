"""The simulator's threads share what a GPU's do."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest
from numba import config


@pytest.mark.skipif(not config.ENABLE_CUDASIM, reason="it is about the simulator")
def test_threads_that_ask_at_once_get_one_shared_array(monkeypatch: pytest.MonkeyPatch) -> None:
    from numba.cuda.simulator.kernelapi import FakeCUDAShared

    shared, both, given = FakeCUDAShared(0), threading.Barrier(2), []
    empty = np.empty

    def when_both_make_one(*args: Any) -> Any:
        both.wait(10)
        return empty(*args)

    def ask() -> None:
        given.append(shared.array(4, np.float32))

    monkeypatch.setattr(np, "empty", when_both_make_one)
    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert given[0] is given[1]
