"""The carrier's portal: recognises the subscriber by the enriched request, shows the arrears, takes the payment."""
