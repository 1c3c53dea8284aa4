#!/usr/bin/env bash
# Builds the jar with the native library of preset release inside.
#
# usage: scripts/jar.sh [MAVEN ARGUMENT...]     ("package" without the tests by default)
#
# Does nothing where the jar is newer than all that goes into it, unless told what to run.
# build/native is laid out as the jar's root: native/<os>-<arch>/, META-INF/licenses/.
set -euo pipefail
# shellcheck source=scripts/env.sh
. "$(dirname "$0")/env.sh"

cd "$FRL_ROOT"
[ -e jvm/pom.xml ] || frl_die "jvm/pom.xml does not exist"
library=build/release/libferrule_jni.so
[ -e $library ] || frl_die "$library is missing: scripts/build.sh release makes it"

jar() { find jvm/target -maxdepth 1 -name 'ferrule-spark-*.jar' ! -name '*-tests.jar' 2>/dev/null; }
newer() { find jvm/pom.xml jvm/src $library LICENSE NOTICE -newer "$1" -type f | grep -q .; }

if [ $# = 0 ] && [ -n "$(jar)" ] && ! newer "$(jar | head -n 1)"; then exit; fi

native=build/native/native/linux-$(uname -m)
licenses=build/native/META-INF/licenses
rm -rf build/native
mkdir -p "$native" "$licenses"
strip --strip-unneeded -o "$native/libferrule_jni.so" "$library"
cp LICENSE NOTICE build/native/META-INF/
cp "$(scripts/deps.sh)"/licenses/*.txt "$licenses/"

if [ $# = 0 ]; then set -- package -DskipTests; fi
# Maven writes into the file that is there, which would end a JVM that has it open
rm -f jvm/target/ferrule-spark-*.jar
# Maven 3.8 resets colours that it was told not to use
mvn --batch-mode --quiet -f jvm/pom.xml "-Dferrule.native.dir=$FRL_ROOT/build/native" "$@" |&
  sed --unbuffered 's/\x1b\[0m//g'
frl_say "jar: $(jar)"
