"""Files that people write: YAML whose every value knows its line, read into pydantic's models, and what is wrong with
them in the writer's words; and pages for people that are one file.

A room of its own, since both sides have such files: the configuration and its reports, and clients' scenarios.
"""
