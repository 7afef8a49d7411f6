"""``python -m vpd`` is ``vpd``, for where the command is not on the path."""

from vpd.cli.main import main

# Worker processes import this file too.
if __name__ == "__main__":
    main()
