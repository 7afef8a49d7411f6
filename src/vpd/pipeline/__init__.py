"""The steps in order, their state, and the engines that run them."""
