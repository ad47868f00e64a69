"""The sandbox's own desk: its books, its switches, its webhook sender, its pages. Only the sandboxes use it."""
