"""A request for a ride, asked of every fleet at once; what they answer becomes offers.

Others call `making.make`, `asking.ask_all` and `offers.of_request`. A fleet is called with no transaction open, and
learns nothing about who asks: places to about 100 m, times, sizes and functions.
"""
