"""A comparison for people and programs: a table, a figure as SVG and PNG, one page that needs nothing else, JSON."""
