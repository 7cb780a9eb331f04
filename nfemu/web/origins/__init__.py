"""The emulated Internet: one front for all built-in origins, its certificates, its sites and what they received."""
