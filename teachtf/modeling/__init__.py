"""Models from parts: layers, recurrent cells, losses, metrics."""
