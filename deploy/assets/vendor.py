#!/usr/bin/env python3
"""Brings the pinned front-end packages into the repository: Bootstrap Italia (recoloured), Popper, htmx and Leaflet.

Run it after changing a version below; it needs npm. What it writes is committed, with checksums that a test verifies.
"""

import hashlib
import re
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from recolour import recolour

PACKAGES = {"bootstrap-italia": "2.18.3", "@popperjs/core": "2.11.8", "htmx.org": "2.0.8", "leaflet": "1.9.4"}
TARGET = Path(__file__).resolve().parents[2] / "citylab/core/static/citylab/vendor"
FONTS = {
    "Titillium_Web/titillium-web-v10-latin-ext_latin-regular.woff2": "titillium-400.woff2",
    "Titillium_Web/titillium-web-v10-latin-ext_latin-italic.woff2": "titillium-400i.woff2",
    "Titillium_Web/titillium-web-v10-latin-ext_latin-600.woff2": "titillium-600.woff2",
    "Titillium_Web/titillium-web-v10-latin-ext_latin-700.woff2": "titillium-700.woff2",
    "Lora/lora-v20-latin-ext_latin-regular.woff2": "lora-400.woff2",
    "Roboto_Mono/roboto-mono-v13-latin-ext_latin-regular.woff2": "roboto-mono-400.woff2",
}


def fetched(name: str, version: str, folder: Path) -> Path:
    """The unpacked package."""
    packed = subprocess.run(["npm", "pack", "--silent", f"{name}@{version}"], cwd=folder, check=True, capture_output=True, text=True).stdout.split()[-1]
    unpacked = folder / name.replace("/", "-")
    with tarfile.open(folder / packed) as archive:
        archive.extractall(unpacked, filter="data")
    return unpacked / "package"


def without_maps(text: str) -> str:
    """The text without the comment that names a source map: hashed static files would look for it."""
    return re.sub(r"\n?/[/*]# sourceMappingURL=[^\n]*?(\*/)?\s*$", "\n", text)


def main() -> None:
    shutil.rmtree(TARGET, ignore_errors=True)
    with tempfile.TemporaryDirectory() as work:
        source = {name: fetched(name, version, Path(work)) for name, version in PACKAGES.items()}
        (TARGET / "fonts").mkdir(parents=True)
        italia = source["bootstrap-italia"]
        texts = {
            "bootstrap-italia.min.css": recolour((italia / "dist/css/bootstrap-italia.min.css").read_text()),
            "bootstrap-italia.min.js": (italia / "dist/js/bootstrap-italia.min.js").read_text(),
            "popper.min.js": (source["@popperjs/core"] / "dist/umd/popper.min.js").read_text(),
            "htmx.min.js": (source["htmx.org"] / "dist/htmx.min.js").read_text(),
            "leaflet.css": (source["leaflet"] / "dist/leaflet.css").read_text(),
            "leaflet.js": (source["leaflet"] / "dist/leaflet.js").read_text(),
        }
        for name, text in texts.items():
            (TARGET / name).write_text(without_maps(text))
        shutil.copy(italia / "dist/svg/sprites.svg", TARGET / "sprites.svg")
        for old, new in FONTS.items():
            found = italia / "dist/fonts" / old
            shutil.copy(found, TARGET / "fonts" / new)
        shutil.copytree(source["leaflet"] / "dist/images", TARGET / "images")
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(TARGET)}" for path in sorted(TARGET.rglob("*")) if path.is_file()]
    (TARGET / "CHECKSUMS.sha256").write_text("\n".join(lines) + "\n")
    (TARGET / "VERSIONS.txt").write_text("".join(f"{name} {version}\n" for name, version in PACKAGES.items()))


if __name__ == "__main__":
    main()
