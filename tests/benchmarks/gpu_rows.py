"""What is timed on a GPU: the same computation through TensorFlow 1's API, for teachtf, and through PyTorch's.

`TEACHTF[row](tf)` and `TORCH[row](torch)` build a row and give the step to time, which ends when the GPU has done it. Operands
stay on the GPU, but for the batch of a training step, which both sides send there. PyTorch runs eagerly, and keeps all bits of
float32.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import rows
from rows import Step, digits

Build = Callable[[Any], Step]
TEACHTF: dict[str, Build] = {}
TORCH: dict[str, Build] = {}
MOVED: dict[str, int] = {}  # bytes that a row reads and writes, where this is what takes its time

COPY = "copy of 1 GiB"
FILTERS = {"16x64x64": (16, 64), "8x128x128": (8, 128)}
LENET, LSTM = "LeNet, Adam step of 64", "LSTM of 128, 28 steps, Adam step of 64"
_CHAIN, _SOFTMAX, _SIDE, _COPIED = 64 << 20, (65536, 1000), 4096, 1 << 28  # elements


def _row(table: dict[str, Build], name: str, moved: int = 0) -> Callable[[Build], Build]:
    def register(build: Build) -> Build:
        table[name] = build
        if moved:
            MOVED[name] = moved
        return build

    return register


# --- teachtf -----------------------------------------------------------------------------------------------------------------


def _done(step: Step) -> Step:
    from numba import cuda

    def run() -> None:
        step()
        cuda.synchronize()

    return run


def _computed(tf: Any, *wanted: Any) -> Step:
    """A step that computes tensors and leaves them where they are."""
    sess, ops = rows.ready(tf), [tensor.op for tensor in wanted]
    return _done(lambda: sess.run(ops))


def _filter(tf: Any, batch: int, size: int, gradients: bool) -> Step:
    result = rows.image_filter(tf, rows.variable(tf, batch, size, size, 32))
    weights = [v for v in tf.trainable_variables() if "conv" in v.op.name]
    return _computed(tf, *(tf.gradients(tf.reduce_sum(result * result), weights) if gradients else [result]))


for _label, _sizes in FILTERS.items():
    TEACHTF[f"image filter forward, {_label}"] = lambda tf, s=_sizes: _filter(tf, *s, gradients=False)  # type: ignore[misc]
    TEACHTF[f"image filter with gradients, {_label}"] = lambda tf, s=_sizes: _filter(tf, *s, gradients=True)  # type: ignore[misc]


@_row(TEACHTF, f"matmul, {_SIDE}")
def _matmul(tf: Any) -> Step:
    return _computed(tf, tf.matmul(rows.variable(tf, _SIDE, _SIDE), rows.variable(tf, _SIDE, _SIDE)))


@_row(TEACHTF, "tanh, exp, sigmoid, relu of 64M elements", moved=2 * 4 * _CHAIN)
def _chain(tf: Any) -> Step:
    return _computed(tf, tf.nn.relu(tf.sigmoid(tf.exp(tf.tanh(rows.variable(tf, _CHAIN)))) - 0.5))


@_row(TEACHTF, "row softmax 65536x1000", moved=2 * 4 * _SOFTMAX[0] * _SOFTMAX[1])
def _softmax(tf: Any) -> Step:
    return _computed(tf, tf.nn.softmax(rows.variable(tf, *_SOFTMAX)))


TEACHTF[LENET] = lambda tf: _done(rows.ROWS[LENET](tf))
TEACHTF[LSTM] = lambda tf: _done(rows.ROWS[LSTM](tf))


# --- PyTorch -----------------------------------------------------------------------------------------------------------------


def _finished(torch: Any, step: Step) -> Step:
    def run() -> None:
        step()
        torch.cuda.synchronize()

    return run


def _numbers(torch: Any, *shape: int) -> Any:
    return torch.randn(*shape, device="cuda")


def _torch_filter(torch: Any, batch: int, size: int, gradients: bool) -> Step:
    layers = [layer for _ in range(2) for layer in (torch.nn.Conv2d(32, 32, 5, padding=2), torch.nn.ReLU())]
    network, images = torch.nn.Sequential(*layers).cuda(), _numbers(torch, batch, 32, size, size)

    def forward() -> Any:
        with torch.no_grad():
            return network(images)

    def backward() -> Any:
        result = network(images)
        return torch.autograd.grad((result * result).sum(), list(network.parameters()))

    return _finished(torch, backward if gradients else forward)


for _label, _sizes in FILTERS.items():
    TORCH[f"image filter forward, {_label}"] = lambda torch, s=_sizes: _torch_filter(torch, *s, gradients=False)  # type: ignore[misc]
    TORCH[f"image filter with gradients, {_label}"] = lambda torch, s=_sizes: _torch_filter(torch, *s, gradients=True)  # type: ignore[misc]


@_row(TORCH, f"matmul, {_SIDE}")
def _torch_matmul(torch: Any) -> Step:
    a, b = _numbers(torch, _SIDE, _SIDE), _numbers(torch, _SIDE, _SIDE)
    return _finished(torch, lambda: a @ b)


@_row(TORCH, "tanh, exp, sigmoid, relu of 64M elements")
def _torch_chain(torch: Any) -> Step:
    x = _numbers(torch, _CHAIN)
    return _finished(torch, lambda: torch.relu(torch.sigmoid(torch.exp(torch.tanh(x))) - 0.5))


@_row(TORCH, "row softmax 65536x1000")
def _torch_softmax(torch: Any) -> Step:
    x = _numbers(torch, *_SOFTMAX)
    return _finished(torch, lambda: torch.softmax(x, 1))


@_row(TORCH, COPY, moved=2 * 4 * _COPIED)
def _torch_copy(torch: Any) -> Step:
    x = _numbers(torch, _COPIED)
    y = torch.empty_like(x)
    return _finished(torch, lambda: y.copy_(x))


def _torch_training(torch: Any, network: Any, rate: float) -> Step:
    network = network.cuda()
    optimizer = torch.optim.Adam(network.parameters(), lr=rate)
    pictures, classes = (torch.from_numpy(array) for array in digits(64))

    def step() -> None:
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(network(pictures.to("cuda")), classes.to("cuda", torch.int64))
        loss.backward()
        optimizer.step()

    return _finished(torch, step)


@_row(TORCH, LENET)
def _torch_lenet(torch: Any) -> Step:
    nn = torch.nn
    layers = [nn.Unflatten(1, (1, 28, 28))]
    for before, after in ((1, 32), (32, 64)):
        layers += [nn.Conv2d(before, after, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2)]
    layers += [nn.Flatten(), nn.Linear(7 * 7 * 64, 512), nn.ReLU(), nn.Linear(512, 10)]
    return _torch_training(torch, nn.Sequential(*layers), 1e-4)


@_row(TORCH, LSTM)
def _torch_lstm(torch: Any) -> Step:
    class Reader(torch.nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.cells, self.last = torch.nn.LSTM(28, 128, batch_first=True), torch.nn.Linear(128, 10)

        def forward(self, x: Any) -> Any:
            return self.last(self.cells(x.reshape(-1, 28, 28))[0][:, -1])

    return _torch_training(torch, Reader(), 1e-3)
