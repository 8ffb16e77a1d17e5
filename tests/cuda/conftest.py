"""CUDA kernels without a GPU: Numba's simulator runs them, and each is compiled to PTX.

These tests need the extra `gpu` and are run by `make check-cuda`, in an environment of their own: the simulator takes the place
of `numba.cuda` in the whole process.
"""
