#!/usr/bin/env bash
# Builds and runs the program in consumer/ against the artifact as it is installed: consume.sh BUILD ALTCLUSTER
#
# BUILD is where `mvn install` has built (its maven/*.jar). The artifact goes into a local repository that nothing else was
# installed into, so that what its pom does not say is missing; what comes from the public repository stays there between runs.
set -euo pipefail

build=$(realpath "${1:?usage: consume.sh BUILD ALTCLUSTER}")
cluster=${2:?usage: consume.sh BUILD ALTCLUSTER}
here=$(cd "$(dirname "$0")/.." && pwd)
repository=$build/consumer-repository
version=$(sed -n 's|^  <version>\(.*\)</version>|\1|p' "$here/pom.xml")
maven=(mvn --batch-mode --quiet "-Dmaven.repo.local=$repository")

rm -rf "$repository/io/alternatorlb" "$build/consumer"
"${maven[@]}" org.apache.maven.plugins:maven-install-plugin:3.1.4:install-file \
    "-Dfile=$build/maven/alternator-lb-$version.jar" "-DpomFile=$here/pom.xml"
"${maven[@]}" -f "$here/consumer/pom.xml" "-Dbuild.root=$build" compile

# The cluster ends when its standard input does, and that when this script does.
coproc CLUSTER { "$cluster" --nodes 3; }
read -r where <&"${CLUSTER[0]}"
url=$(sed 's|.*"url":"\([^"]*\)".*|\1|' <<<"$where")
said=$(java -cp "$build/consumer/classes:$(cat "$build/consumer/classpath")" consumer.Consumer "$url")
echo "$said"
grep -q '^ok: 3 nodes$' <<<"$said"
