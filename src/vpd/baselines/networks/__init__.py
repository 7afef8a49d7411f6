"""The networks of the baselines, one module each. They do not depend on libraries or video files."""
