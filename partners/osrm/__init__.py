"""The Open Source Routing Machine: how far it is by road (github.com/Project-OSRM/osrm-backend, docs/http.md).

May be called from outside: `client.OsrmClient`. It is asked about the middles of squares a kilometre wide and never
about a door, and nothing is signed: what it answers is checked and bounded by whoever uses it.
"""
