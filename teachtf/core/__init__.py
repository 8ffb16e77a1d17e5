"""What a graph is: dtypes, shapes, operations, tensors, names, devices, errors."""
