"""What a plan does, told to people: read from the plan's own Python, never from a second account of it."""
