"""What the shipped native library needs and shows (FERRULE_NATIVE names it)."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import tree

C_LIBRARY = re.compile(r"^(linux-vdso|ld-linux[\w-]*|lib(c|m|dl|rt|pthread|resolv))\.so(\.\d+)?$")
NEWEST_GLIBC = (2, 34)
LOADER = r"""
#include <dlfcn.h>
#include <stdio.h>
int main(int argc, char **argv) {
  void *library = argc == 3 ? dlopen(argv[1], RTLD_NOW) : NULL;
  if (library && dlsym(library, argv[2])) return 0;
  fprintf(stderr, "%s\n", dlerror());
  return 1;
}
"""


def library():
    default = tree.ROOT / "build/release/libferrule_jni.so"
    return pathlib.Path(os.environ.get("FERRULE_NATIVE", default))


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def shared_libraries(path):
    """(name, file or None) of every shared library that path pulls in."""
    for line in output("ldd", path).splitlines():
        words = line.split()
        name = pathlib.Path(words[0]).name
        absolute = [w for w in words if w.startswith("/")]
        yield name, absolute[0] if absolute else None


def check_needs_only_the_c_library():
    """ldd shows nothing but the C library"""
    for name, _ in shared_libraries(library()):
        if not C_LIBRARY.match(name):
            yield f"{library().name} needs {name}"


def check_glibc_version():
    """no symbol needs a C library newer than 2.34"""
    for version in set(re.findall(r"@GLIBC_([\d.]+)", output("nm", "-D", library()))):
        if tuple(map(int, version.split("."))) > NEWEST_GLIBC:
            yield f"{library().name} needs GLIBC_{version}"


def exported(path):
    for line in output("nm", "-D", "--defined-only", path).splitlines():
        _, kind, name = line.split()[-3:]
        if kind != "A":
            yield name.split("@")[0]


def check_exports():
    """the JVM's library shows JNI_OnLoad only, the C library frl_ names only"""
    names = set(exported(library()))
    if names != {"JNI_OnLoad"}:
        yield f"{library().name} shows {', '.join(sorted(names))}"
    for name in exported(library().with_name("libferrule.so")):
        if not re.match(r"frl_[a-z0-9]", name):
            yield f"libferrule.so shows {name}"


def empty_root(root, path):
    """Puts path, a program that loads it, and the C library into the folder root."""
    source = root / "load.c"
    source.write_text(LOADER)
    output("cc", "-o", root / "load", source)
    source.unlink()
    shutil.copy(path, root / "library.so")
    for needed in (root / "load", path):
        for _, file in shared_libraries(needed):
            if file:
                target = root / file.lstrip("/")
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(file, target)


def check_loads_in_an_empty_root():
    """the library loads where there is nothing but the C library"""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        empty_root(root, library())
        enter = ["chroot"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "chroot"]
        done = subprocess.run(
            [*enter, folder, "/load", "/library.so", "JNI_OnLoad"],
            capture_output=True, text=True,
        )  # fmt: skip
        if done.returncode != 0:
            yield f"{library().name} does not load in an empty root: {done.stderr.strip()}"


CHECKS = [value for name, value in list(globals().items()) if name.startswith("check_")]
