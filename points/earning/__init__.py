"""Earning: campaigns as data, the deeds that they reward, dry runs, and what happens when a deed is undone.

Must never happen here: a budget overspent, a deed rewarded twice by one campaign, points taken back in silence.
"""
