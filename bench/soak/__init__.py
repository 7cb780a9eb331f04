"""A carrier under random journeys of many subscribers for a set time, every answer judged: `make soak`.

Nothing in it knows how the gateway works. What a line may reach follows from what the API acknowledged and from
`decide` on the same configuration; a request that overlaps a change may see either side of it, no other request may.
"""
