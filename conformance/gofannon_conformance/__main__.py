"""`python -m gofannon_conformance`: the command, where its script is not on the path."""

from gofannon_conformance.cli import main

if __name__ == "__main__":
    main()
