"""What an op is: one declaration each (signature, shape, gradient), one file a family, with the public functions."""
