"""A stand-in for a source package's build backend, see scripts/deps.sh.

`pip download` asks the backend for metadata before it keeps a source package. Only
the files are wanted, so this answers from PKG-INFO and builds nothing.
"""

import pathlib
from email.parser import HeaderParser


def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    header = HeaderParser().parsestr(pathlib.Path("PKG-INFO").read_text("utf-8"))
    name, version = header["Name"], header["Version"]
    info = pathlib.Path(metadata_directory, f"{name}-{version}.dist-info")
    info.mkdir(parents=True)
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", "utf-8"
    )
    return info.name
