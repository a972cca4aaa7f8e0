"""`python -m gofannon_conformance`: the command, where its script is not on the path."""

from gofannon_conformance.cli.main import main

if __name__ == "__main__":
    main()
