"""How inputs and shocks depend on each other: correlations as they are stated, and the joint laws that they make."""
