"""Files that people write: YAML whose every value knows its line, read into pydantic's models, and what is wrong with
them in the writer's words.

A room of its own, since both sides read such files: the configuration, and clients' scenarios.
"""
