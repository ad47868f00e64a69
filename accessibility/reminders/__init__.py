"""What riders are reminded of, and that nobody is left where they went: the evening before a ride, a way back that
nobody has called yet, and one for which no vehicle is found.

Never: the same reminder twice; a rider who is ready to go back and of whom nobody thinks.
"""
