"""The back office's rules: ledger, standing, dunning, payments, orders and notices, as values and tables.

State machines here are tables from (state, input) to the next state; what is not listed is an error.
"""
