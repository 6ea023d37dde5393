"""Scenario files: read strictly, merged, checked as a whole, built into a scenario, and written again."""
