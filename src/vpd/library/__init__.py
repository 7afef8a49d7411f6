"""The library on disk: paths, atomic writing, artefacts and the keys of their inputs."""
