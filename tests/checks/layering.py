"""Which folder may include what: arrows point down only."""

import re

import tree

MODULES = {  # folder of src/ -> folders of src/ that it may include
    "base": set(),
    "arrow": {"base"},
    "row": {"base", "arrow"},
    "wire": {"base"},
    "codec": {"base", "wire", "arrow"},
    "net": {"base", "wire"},
    "auth": {"base", "net"},
    "telemetry": {"base", "wire", "net"},
    "kernel": {"base", "arrow", "row"},
    "cluster": {"base", "net"},
}
SERVICES = {"pubsub", "zerobus", "split"}
for service in SERVICES:
    MODULES[service] = set(MODULES) - SERVICES
FACES = ("cli", "jvm", "python", "examples")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)


def includes(path):
    return INCLUDE.findall(tree.text(path))


def upward(module, included):
    """Why a file of src/module may not include "included"; None where it may."""
    if included.startswith("../") or "/../" in included:
        return "climbs out of its folder"
    target = included.split("/")[0] if "/" in included else module
    if target not in MODULES or target == module or target in MODULES[module]:
        return None
    return f"{module} may not know {target}"


def check_modules():
    """each folder of src/ includes only folders below it"""
    for path in tree.c_files():
        parts = path.split("/")
        if parts[0] != "src" or len(parts) < 3:
            continue
        if parts[1] not in MODULES:
            yield f"{path}: {parts[1]} is not a folder of the design"
            continue
        for quote, included in includes(path):
            reason = upward(parts[1], included) if quote == '"' else None
            if reason:
                yield f"{path}: includes {included}: {reason}"


def check_faces():
    """the command, the JVM and Python see the public headers only"""
    for path in tree.c_files():
        if path.split("/")[0] not in FACES:
            continue
        for quote, included in includes(path):
            first = included.split("/")[0]
            if quote == '"' and (first in MODULES or first in ("src", "..")):
                yield f"{path}: includes {included}: only <ferrule/...> is public"


def check_public_headers():
    """public headers include public headers and the C library only"""
    for path in tree.c_files():
        if not path.startswith("include/"):
            continue
        for quote, included in includes(path):
            known = "/" not in included or included.startswith(("ferrule/", "sys/"))
            if quote == '"' or not known:
                yield f"{path}: includes {included}"


CHECKS = [value for name, value in list(globals().items()) if name.startswith("check_")]
