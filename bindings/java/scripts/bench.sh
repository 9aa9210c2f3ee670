#!/usr/bin/env bash
# Installs the artifact, builds bench/ and runs it: bench.sh BUILD [JMH's options...]
#
# OFFICIAL=VERSION names the version of com.scylladb.alternator:load-balancing that is run beside; where the repository does not
# have it, that is said, and the others run.
set -euo pipefail

build=$(realpath "${1:?usage: bench.sh BUILD [JMH\'s options...]}")
shift
here=$(cd "$(dirname "$0")/.." && pwd)
official=${OFFICIAL:-2.0.6}
maven=(mvn --batch-mode --quiet "-Dbuild.root=$build")
clients=sdk,ours,ours_by_key

"${maven[@]}" -f "$here/pom.xml" install -DskipTests -Dmaven.javadoc.skip=true
if "${maven[@]}" org.apache.maven.plugins:maven-dependency-plugin:3.9.0:get \
    "-Dartifact=com.scylladb.alternator:load-balancing:$official" >/dev/null 2>&1; then
    maven+=("-Dofficial=$official")
    clients+=,official
else
    echo "com.scylladb.alternator:load-balancing:$official can't be had from the repository: it is left out" >&2
fi
"${maven[@]}" -f "$here/bench/pom.xml" compile
if [ $# -eq 0 ]; then
    set -- -wi 3 -i 5 -w 1 -r 1 -f 1 -prof gc
fi
exec java -cp "$build/bench/classes:$(cat "$build/bench/classpath")" org.openjdk.jmh.Main -p "client=$clients" "$@"
