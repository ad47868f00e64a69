"""7-ELEVEN: points become points of the chain after a while; a signed webhook says when."""
