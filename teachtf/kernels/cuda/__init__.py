"""How an op computes on a GPU: kernels for `numba.cuda`. Nothing here is imported before a session has a real GPU (or Numba's
simulator of one, `NUMBA_ENABLE_CUDASIM=1`); the extra `gpu` installs what it needs."""
