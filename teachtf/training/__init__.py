"""What uses gradients: optimizers and their helpers."""
