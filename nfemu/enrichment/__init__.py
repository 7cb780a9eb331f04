"""Header enrichment: what a trusted destination is told about the subscriber, and how clients' copies are removed.

What may live here: values and header lists, in and out. Whether a destination is trusted is `policy`'s answer
(`Decision.enrich`); keys and JOSE belong to a shell behind the port `TokenSealer`; time is an argument.

The rules, which hold for every request that passes the gateway (G10, G12):

* Removal does not depend on the destination. Every header that some portal might believe is removed everywhere,
  in every spelling that some server reads as the same one: case, `-` or `_` or any other byte that CGI-style servers
  turn into `_`. Only then, where trusted, one value is inserted.
* A client must not be able to take the inserted value away again: `Connection: X-MSISDN` asks the next hop to do that.
* No value with a control character or blank is ever produced.
* A pseudonym is another one for each destination group, so that two portals cannot join their data by it.
"""
