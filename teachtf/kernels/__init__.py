"""How an op computes: scalar maths shared by every device, and the kernels of each device."""
