"""Pages, plots and overlays that show results to people."""
