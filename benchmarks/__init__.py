"""Measurements of speed and memory: jobs, the engines that do them, and runs of the whole library."""
