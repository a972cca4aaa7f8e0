"""Node.js packages: installed once from the npm registry, at pinned versions.

`node/<name>/` has a package.json with exact versions and a package-lock.json with the hash of every
package. The lock has no addresses, so that npm uses the registry that it is configured for. The
packages go into the user's cache, in a folder named after a hash of these files: an upgrade of the
kit installs them again, and a folder that exists is complete.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gofannon_conformance.servers.provider import Plan, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

BUNDLES: Final = Path(__file__).with_name("node")
HOW: Final = "install Node.js 18 or newer, with npm"
INSTALL_WITHIN: Final = 300.0
INSTALL: Final = ("ci", "--omit=optional", "--omit=dev", "--ignore-scripts", "--no-audit")
"""No install script of a package runs: neither bundle needs one."""


@dataclass(frozen=True)
class Bundle:
    """A folder of `node/`, its main package and the script to run."""

    name: str
    package: str
    script: str

    @property
    def files(self) -> list[Path]:
        """Its files, sorted."""
        return sorted(path for path in (BUNDLES / self.name).iterdir() if path.is_file())

    @property
    def version(self) -> str:
        """The pinned version of its main package."""
        manifest = json.loads((BUNDLES / self.name / "package.json").read_text())
        return str(manifest["dependencies"][self.package])

    @property
    def folder(self) -> Path:
        """The folder that it is, or would be, installed in."""
        content = hashlib.sha256()
        for path in self.files:
            content.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
        return cache() / f"{self.name}-{self.version}-{content.hexdigest()[:12]}"


def cache() -> Path:
    """Return the kit's folder in the user's cache folder."""
    if sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "gofannon-conformance"


def look(bundle: Bundle) -> str | Unavailable:
    """Return how the bundle would be run, as text; install nothing."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None:
        return Unavailable("node is not on the PATH", HOW)
    if bundle.folder.exists():
        return f"{node}, with packages in {bundle.folder}"
    if npm is None:
        return Unavailable("npm is not on the PATH", HOW)
    return f"{node}; its packages are installed from the npm registry at first use"


def plan(bundle: Bundle, product: str, detail: str) -> Plan | Unavailable:
    """Return the plan of a server that Node.js runs from a bundle."""
    found = look(bundle)
    if isinstance(found, Unavailable):
        return found
    return Plan(product=product, version=bundle.version, detail=f"{detail}, run by {found}")


def command(bundle: Bundle) -> tuple[str, str]:
    """Install the bundle if it is missing, and return the command that runs its script."""
    found = look(bundle)
    if isinstance(found, Unavailable):
        raise found
    folder = bundle.folder
    if not folder.exists():
        _install(bundle, folder)
    return shutil.which("node") or "node", str(folder / bundle.script)


def _install(bundle: Bundle, folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _locked(folder.with_name(f"{folder.name}.lock")):
        if folder.exists():
            return  # another process has installed it meanwhile
        for unfinished in folder.parent.glob(f"{folder.name}.new-*"):
            shutil.rmtree(unfinished, ignore_errors=True)
        new = Path(tempfile.mkdtemp(prefix=f"{folder.name}.new-", dir=folder.parent))
        try:
            for path in bundle.files:
                shutil.copy(path, new)
            _npm(bundle, new)
            new.rename(folder)
        finally:
            shutil.rmtree(new, ignore_errors=True)


def _npm(bundle: Bundle, folder: Path) -> None:
    npm = shutil.which("npm") or "npm"
    why = f"npm could not install {bundle.package} {bundle.version}"
    how = f"let npm reach its registry: npm view {bundle.package}@{bundle.version}"
    try:
        done = subprocess.run(  # noqa: S603 - the program found on the PATH
            [npm, *INSTALL, "--no-fund"],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=INSTALL_WITHIN,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Unavailable(f"{why} within {INSTALL_WITHIN:g} s", how) from None
    if done.returncode != 0:
        printed = "\n    ".join(done.stdout.splitlines()[-8:])
        raise Unavailable(f"{why}; npm printed:\n    {printed}", how)


@contextlib.contextmanager
def _locked(lock: Path) -> Iterator[None]:
    """Lock out other installers; the system releases the lock when this process ends."""
    import fcntl

    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
