"""How a graph runs: sessions, plans, placement."""
