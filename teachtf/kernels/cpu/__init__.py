"""Kernels for the CPU, compiled by Numba. Imported when a plan first needs one."""
