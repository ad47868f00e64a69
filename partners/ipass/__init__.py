"""iPASS: points become stored value on a card, at once, in two phases: reserved, then confirmed or cancelled."""
