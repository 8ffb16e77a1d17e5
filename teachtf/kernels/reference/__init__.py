"""The same kernels in NumPy: they serve until the compiled ones stand, and say in a few lines what those compute."""
