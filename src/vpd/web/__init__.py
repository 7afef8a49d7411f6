"""The web application: search, label, review and compare in the browser."""
