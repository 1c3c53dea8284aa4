"""What is in the jar (FERRULE_JAR names it)."""

import os
import pathlib
import re
import zipfile

import tree

JAVA_8 = 52
OURS = "org/ferrule/"


def jar():
    found = sorted((tree.ROOT / "jvm/target").glob("ferrule-spark-*.jar"))
    default = next((path for path in found if "-tests" not in path.name), "")
    return zipfile.ZipFile(pathlib.Path(os.environ.get("FERRULE_JAR", default)))


def linked_in():
    """The libraries that NOTICE names; the text of nanoarrow's licence is LICENSE itself."""
    names = re.findall(r"^- (\w+)", (tree.ROOT / "NOTICE").read_text(), re.MULTILINE)
    return sorted(name.lower() for name in names if name != "nanoarrow")


def check_licences():
    """the jar has LICENSE, NOTICE and the licence of each library linked in"""
    names = jar().namelist()
    there = {name for name in names if name.startswith("META-INF/licenses/") and name[-1] != "/"}
    wanted = {f"META-INF/licenses/{name}.txt" for name in linked_in()}
    for name in sorted(wanted - there | {"META-INF/LICENSE", "META-INF/NOTICE"} - set(names)):
        yield f"{name} is missing"
    for name in sorted(there - wanted):
        yield f"{name} is of a library that NOTICE does not name"


def check_classes():
    """every class is ours and loads in Java 8"""
    archive = jar()
    classes = [name for name in archive.namelist() if name.endswith(".class")]
    if not classes:
        yield "no class at all"
    for name in classes:
        level = int.from_bytes(archive.read(name)[6:8], "big")
        if level > JAVA_8 or not name.startswith(OURS):
            yield f"{name}: class file version {level}"


def check_native_library():
    """the native library of this machine is inside, without symbols of debugging"""
    archive = jar()
    name = f"native/linux-{os.uname().machine}/libferrule_jni.so"
    if name not in archive.namelist():
        yield f"{name} is missing"
    elif b".debug_info" in archive.read(name):
        yield f"{name} is not stripped"


CHECKS = [value for name, value in list(globals().items()) if name.startswith("check_")]
