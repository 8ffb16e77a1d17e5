"""The `teachtf` command and what it is made of."""
