"""Search by example: rank segments or spans of uncut video by their likeness to a query."""
