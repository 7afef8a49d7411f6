"""Dynamic time warping: step patterns, exact distances, one against many."""
