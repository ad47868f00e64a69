"""Exchange with partners, both ways: quotes, a saga that ends in exactly one of done or undone, and monthly netting.

Must never happen here: points gone without value at the partner or value there without points gone, whatever the
partner answers and whenever; a difference between two books that nobody sees.
"""
