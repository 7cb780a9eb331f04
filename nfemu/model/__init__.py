"""What things are: frozen values without behaviour that could reach the outside.

Nothing here knows a clock, a file or a socket. Identities are types of their own, money is an integer
number of minor units with its currency; a bare string is never an identity.
"""
