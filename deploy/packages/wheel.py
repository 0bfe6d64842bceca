#!/usr/bin/env python3
"""Packs the program as a wheel, so that `uvx overlift`, `pipx` and `pip install overlift` work.

usage: wheel.py VERSION PLATFORM FOLDER DIST

FOLDER has the program and its schemas. Nothing is compiled and nothing is written in Python: a wheel is a
ZIP archive whose `.data/scripts` land beside `python`. The same input packs to the same bytes.
"""

import base64
import hashlib
import pathlib
import sys
import zipfile

# Static programs run on both families of Linux.
TAGS = {
    "x86_64-unknown-linux-musl": "manylinux2014_x86_64.musllinux_1_1_x86_64",
    "aarch64-unknown-linux-musl": "manylinux2014_aarch64.musllinux_1_1_aarch64",
    "x86_64-apple-darwin": "macosx_10_12_x86_64",
    "aarch64-apple-darwin": "macosx_11_0_arm64",
    "x86_64-pc-windows-gnu": "win_amd64",
}

METADATA = """\
Metadata-Version: 2.1
Name: overlift
Version: {version}
Summary: Promotes kustomize overlays from one environment to the next, as pull requests that a person can review and trust
Home-page: https://github.com/overlift/overlift
License: Apache-2.0
Keywords: gitops,kustomize,kubernetes,istio,promotion
Requires-Python: >=3.7
"""


def main(version, platform, folder, dist):
    if platform not in TAGS:
        sys.exit(f"wheel.py: no wheel for {platform}")
    # PEP 440 writes what comes before a release without a hyphen.
    version = version.replace("-alpha.", "a").replace("-beta.", "b").replace("-rc.", "rc")
    tag = f"py3-none-{TAGS[platform]}"
    name, info = f"overlift-{version}", f"overlift-{version}.dist-info"
    tags = "".join(f"Tag: py3-none-{one}\n" for one in TAGS[platform].split("."))
    wheel = f"Wheel-Version: 1.0\nGenerator: overlift\nRoot-Is-Purelib: false\n{tags}"
    folder = pathlib.Path(folder)
    program = "overlift.exe" if "windows" in platform else "overlift"
    files = [(f"{name}.data/scripts/{program}", (folder / program).read_bytes(), 0o755)]
    # The program looks for schemas beside itself and in `../share/overlift`.
    for schema in sorted((folder / "schemas").glob("*")):
        files.append((f"{name}.data/data/share/overlift/schemas/{schema.name}", schema.read_bytes(), 0o644))
    files.append((f"{info}/METADATA", METADATA.format(version=version).encode(), 0o644))
    files.append((f"{info}/WHEEL", wheel.encode(), 0o644))
    record = ""
    path = pathlib.Path(dist) / f"{name}-{tag}.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for at, content, mode in files:
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
            record += f"{at},sha256={digest},{len(content)}\n"
            write(archive, at, content, mode)
        record += f"{info}/RECORD,,\n"
        write(archive, f"{info}/RECORD", record.encode(), 0o644)


def write(archive, at, content, mode):
    entry = zipfile.ZipInfo(at, date_time=(1980, 1, 1, 0, 0, 0))
    entry.external_attr = (0o100000 | mode) << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(entry, content)


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    main(*sys.argv[1:])
