"""Choose what to label next: find candidates in uncut video, and ask about the most informative."""
