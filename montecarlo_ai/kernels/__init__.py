"""Scalars and contiguous arrays only: random streams, fast functions, the block loop and its reductions."""
