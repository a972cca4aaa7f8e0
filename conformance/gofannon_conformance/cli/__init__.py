"""The command `gofannon-conformance`."""
