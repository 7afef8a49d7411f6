"""The steps in order, what is out of date, and the engines that run them."""
