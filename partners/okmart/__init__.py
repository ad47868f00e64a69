"""OK: points become points of the chain at once, in one phase, over a line that often breaks."""
