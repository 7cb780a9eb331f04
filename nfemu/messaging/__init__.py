"""Short messages for programs: an SMPP 3.4 message centre whose receivers get what the carrier sends."""
