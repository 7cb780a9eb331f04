"""The carrier's ports, in memory. Every fake can be told to fail or to "crash" at one of its calls."""
