"""Money at the edges: inside it is whole New Taiwan dollars, and every edge writes the same NT$600 its own way."""

from __future__ import annotations
