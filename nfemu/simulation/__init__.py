"""A month of many people under each dunning policy.

Real are the use cases, the rules they go by, the store, the calendar, the queues of orders and the channels' pace: the
carrier's own code on a test clock. Simulated are the people: who they are (`population`) and how they respond
(`responses`), by parameters of `config/simulation.yaml`, each of which is assumed or names its source. They feel what a
phone would (`outside`), and act through the carrier's use cases (`crowd`).

Chance is counter-based (`bss.draws`): the same people meet each policy, and a seed gives the same month to the octet.
"""
