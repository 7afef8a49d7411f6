"""The networks of the baselines, one file each; none of them knows a library or a file of videos."""
