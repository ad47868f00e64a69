"""The city's bureaus: their registers of bills (parking, fines) and the register of who owns which vehicle."""
