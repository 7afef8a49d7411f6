"""Features of what the athlete's hands look like, beside those of the joints."""
