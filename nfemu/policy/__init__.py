"""May this subscriber go there: host patterns, networks, `decide`, `explain`, `lint`.

What may live here (architecture, section 5): the meaning of a policy, and nothing that enforces it. Every
enforcement point compiles its tables from here or calls `decide`; none has an opinion of its own.

The theory, in order of appearance:

* A name is compared in one spelling only: lower-case A-labels without a trailing dot (`names`). What clients
  may read as an IPv4 address is an address or an error, never a name.
* A pattern is compared label by label, never as a string: `.test` below `pay.test` says nothing about
  `evilpay.test`. The longest pattern that covers name *and* port wins (`patterns`). Its cost grows with the
  labels of the name asked for, not with the number of patterns.
* A pattern never covers a public suffix: under one, anybody can register a name (`public_suffix`).
* Addresses are matched by the longest prefix, and only where no name is known (`networks`).
* A name together with an address needs a binding: CDNs share addresses, and a client may write any Host.
* What nothing lists gets the profile's default; each decision carries the id of the rule that made it (`rules`).
"""
