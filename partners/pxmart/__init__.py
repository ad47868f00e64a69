"""PX Mart: points become points of the chain overnight, by a file in Big5 and the file that answers it."""
