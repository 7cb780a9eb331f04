"""Mutation fuzzing of everything that reads what a stranger wrote: seeded, repeatable, with a corpus that is kept.

A *target* (`targets/`) is one reader with the properties that hold for whatever bytes it is given. A *campaign* feeds
it mutations of the seeds in `tests/corpus/`; an input that draws an answer which no input drew before becomes a seed
of that campaign. What a campaign finds is mended, and the input stays in the corpus, which every run checks first.
"""
