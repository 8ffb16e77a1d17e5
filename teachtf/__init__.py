"""teachtf: TensorFlow 1's graph mode, small, fast and visible."""
