"""What can be said of each file alone: sizes, names, banned functions, leftovers."""

import re

import tree

MAX_FILE_LINES = 600
MAX_FUNCTION_LINES = 80
BANNED = re.compile(r"\b(sprintf|strcpy|strcat|strtok|gets|alloca|atoi)\s*\(")
VAGUE_NAMES = re.compile(r"(^|[/_.-])(utils?|misc|common)([/_.-]|$)")
# spelled in halves, or this file would be found
LEFTOVERS = re.compile(
    r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"]) + r")\b"
)
HOME = re.compile(r"(?<![\w.$}])/(root|work|home/\w+)/")
URL = re.compile(r"https?://([\w.-]+)")
# names that look like addresses (XML namespaces and schemas) and loopback
NOT_DOWNLOADED = re.compile(
    r"^(localhost|127\.0\.0\.1|.*\.invalid|.*\.example|maven\.apache\.org|www\.w3\.org)$"
)
BUILD_FILES = re.compile(
    r"(^|/)(Makefile|CMakeLists\.txt|pom\.xml|go\.(mod|sum)|package(-lock)?\.json"
    r"|pyproject\.toml)$|^(scripts|cmake|requirements|\.ci)/"
)
SOURCES = (".c", ".h", ".java", ".py", ".go", ".js", ".sh")


def each_line(path, pattern, message):
    for number, line in enumerate(tree.text(path).split("\n"), 1):
        found = pattern.search(line)
        if found:
            yield f"{path}:{number}: {message}: {found.group(0).strip()}"


def check_file_sizes():
    """no source file has more than 600 lines"""
    for path in tree.files():
        lines = tree.text(path).count("\n")
        if path.endswith(SOURCES) and lines > MAX_FILE_LINES:
            yield f"{path}: {lines} lines, at most {MAX_FILE_LINES}: more than one purpose?"


def check_function_sizes():
    """no C function has more than 80 lines"""
    for path in tree.c_files():
        for name, line, length in tree.c_functions(tree.text(path)):
            if length > MAX_FUNCTION_LINES:
                yield f"{path}:{line}: {name} has {length} lines, at most {MAX_FUNCTION_LINES}"


def check_file_names():
    """no file is called util, misc or common"""
    for path in tree.files():
        if VAGUE_NAMES.search(path):
            yield f"{path}: the name says nothing of the purpose"


def check_banned_functions():
    """no unbounded or unchecked C function is called"""
    for path in tree.c_files():
        for number, line in enumerate(tree.blank(tree.text(path)).split("\n"), 1):
            found = BANNED.search(line)
            if found:
                yield f"{path}:{number}: {found.group(1)} is banned"


def check_leftovers():
    """nothing is left for later"""
    for path in tree.files():
        if not path.endswith((".lock", ".sum")):
            yield from each_line(path, LEFTOVERS, "unfinished")


def check_paths():
    """no file names a folder of the machine that it was written on"""
    for path in tree.files():
        yield from each_line(path, HOME, "a path of one machine")


def check_downloads():
    """no build file names a host: packages come by name, from where the host says"""
    for path in tree.files():
        if not BUILD_FILES.search(path):
            continue
        for number, line in enumerate(tree.text(path).split("\n"), 1):
            for host in URL.findall(line):
                if not NOT_DOWNLOADED.match(host):
                    yield f"{path}:{number}: names {host}"


def check_whitespace():
    """no trailing blanks, no tabs but in Makefiles, every file ends with one newline"""
    for path in tree.files():
        text = tree.text(path)
        if not text or "/corpus/" in path or path.endswith((".patch", ".golden")):
            continue
        if not text.endswith("\n") or text.endswith("\n\n"):
            yield f"{path}: does not end with one newline"
        yield from each_line(path, re.compile(r"[ \t]+$"), "trailing blanks")
        if path.endswith((".c", ".h", ".java", ".py", ".sh", ".cmake")):
            yield from each_line(path, re.compile(r"^ *\t"), "tab")


def check_include_guards():
    """every header has an include guard"""
    for path in tree.c_files():
        if path.endswith(".h"):
            names = re.findall(r"^#(?:ifndef|define) (\w+_H_?)$", tree.text(path), re.M)
            if len(names) < 2 or names[0] != names[1]:
                yield f"{path}: no include guard"


def check_run_bits():
    """files that start with #! can be run, others cannot"""
    for path in tree.files():
        script = tree.text(path).startswith("#!")
        runs = bool((tree.ROOT / path).stat().st_mode & 0o100)
        if script != runs:
            yield f"{path}: {'has no run bit' if script else 'has a run bit but no #!'}"


CHECKS = [value for name, value in list(globals().items()) if name.startswith("check_")]
