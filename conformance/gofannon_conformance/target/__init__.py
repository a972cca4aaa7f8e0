"""What the kit tests: a `Target`, and how a name or a path becomes one."""

from gofannon_conformance.target.target import Capabilities, ExpectedFailure, Target

__all__ = ["Capabilities", "ExpectedFailure", "Target"]
