"""FamilyMart: points become points of the chain and its points become ours, at once."""
