#!/bin/sh
# fetch-sqlite.sh - SQLite3 Multiple Ciphers as one static library in the cache, compiled once.
#
# The amalgamation comes from the npm package below, checked against a pinned sum. Later runs do
# nothing. TOCSIN_CACHE names the cache, build/cache by default.
set -eu
cd "$(dirname "$0")/.."

package=better-sqlite3-multiple-ciphers
version=12.11.1
sum=01388c78f46ce63c6aec021f67b364cc67bd637edba64f7add0c0230ce5f777a
flags="-O2 -fPIC -DSQLITE_THREADSAFE=1 -DSQLITE_ENABLE_FTS5 -DSQLITE_DQS=0 -DSQLITE_TEMP_STORE=2
       -DSQLITE_USE_URI=1 -DSQLITE_OMIT_LOAD_EXTENSION"
case "$(uname -m)" in
x86_64) flags="$flags -maes -mssse3 -msse4.2" ;;
esac

out="${TOCSIN_CACHE:-build/cache}/sqlite3mc"
stamp="$package $version $sum $(echo $flags)"
if [ -f "$out/libsqlite3mc.a" ] && [ "$(cat "$out/stamp" 2>/dev/null)" = "$stamp" ]; then
    exit 0
fi

mkdir -p "$out"
work=$(mktemp -d "$out/work.XXXXXX")
trap 'rm -rf "$work"' EXIT INT TERM

echo "sqlite: fetching $package $version"
(cd "$work" && npm pack --silent --ignore-scripts "$package@$version" >/dev/null)
archive="$work/$package-$version.tgz"
if ! echo "$sum  $archive" | sha256sum --check --status; then
    echo "sqlite: $package $version does not have the pinned SHA-256 sum $sum; not used" >&2
    exit 1
fi
tar -xzf "$archive" -C "$work"
source="$work/package/deps/sqlite3"

echo "sqlite: compiling (about a minute, once)"
# shellcheck disable=SC2086 # the flags are words
"${CC:-gcc}" $flags -c "$source/sqlite3.c" -o "$work/sqlite3.o"
ar rcs "$work/libsqlite3mc.a" "$work/sqlite3.o"
mv "$source/sqlite3.h" "$out/sqlite3.h"
mv "$work/libsqlite3mc.a" "$out/libsqlite3mc.a"
echo "$stamp" >"$out/stamp"
