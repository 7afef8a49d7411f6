"""Find labelled actions in uncut video."""
