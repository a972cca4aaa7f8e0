"""The selftest: runs the suite on the kit's wrong and right services and shows what it found."""
