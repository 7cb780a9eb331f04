"""The link: how worker processes and stock addons follow the control process.

A Unix stream socket that only this user can open; the first message proves the token. Rules:

* The control process numbers every update. A point (worker or addon) acknowledges a number after its engine
  has applied everything up to it, so acknowledgements are cumulative and replays are harmless.
* A point holds a lease that it renews itself: it counts from the moment at which it *asked*, the control process
  from the moment at which it *answered*, which is later. So when the control process considers a lease lapsed,
  the point has stopped serving already, however long a message lay in a buffer, and without a shared clock.
* Nothing serves without a lease: a link that ends, or a control process that hangs, closes everything.
"""
