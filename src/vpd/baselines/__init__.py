"""The systems that the paper compares with, and today's: networks, their inputs, and recognisers by name."""
