"""What to label next: candidates in uncut video, and which of them tell most."""
