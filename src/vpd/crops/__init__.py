"""The square pictures around an athlete, with their optical flow."""
