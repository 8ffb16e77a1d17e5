"""What a variable is: variables, the scopes that name and share them, and how they start."""
