"""How riders are treated and how they behave: points with appeal, complaints, refusals, and whether all of it is fair.

May be called from outside: nothing but its routes and consumers. Must never happen: a point for what a fleet did wrong,
an appeal decided by whoever recorded the point, and anybody who plans or offers rides learning who complained. So no
other room imports this one, complaints lie in a schema of their own under keyed indexes, and tests hold both.
"""
