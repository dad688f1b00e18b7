#!/usr/bin/env bash
# reference.sh BUILD [--check]: docs/reference/options.md from the programs' own tables. With --check it only compares.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:?usage: tools/reference.sh BUILD_FOLDER [--check]}
page=docs/reference/options.md
fresh=$(mktemp)
trap 'rm -f "$fresh"' EXIT
{
    echo "# Options"
    echo
    echo "Made by \`tools/reference.sh\` from the programs' own tables; \`--explain\` prints the same. A configuration is an INI file:"
    echo "\`[section]\`, then \`key = value\`. An unknown key or a value out of range is a refusal to start. Secrets are not options:"
    echo "\`TOCSIN_DATABASE_KEY\`, \`TOCSIN_ADMIN_PASSWORD\`, \`TOCSIN_OPERATOR_PASSWORD\`, \`TOCSIN_REDIS_PASSWORD\` and \`TOCSIN_OIDC_SECRET\` come from the environment."
    for program in control gateway edge watch enrol; do
        echo
        "$build/tocsin-$program" --markdown
    done
    for command in anonymise build serve publish; do
        echo
        "$build/tocsin-map" "$command" --markdown
    done
} >"$fresh"
if [ "${2:-}" = --check ]; then
    diff -u "$page" "$fresh" || {
        echo "docs/reference/options.md is out of date; run tools/reference.sh $build"
        exit 1
    }
else
    mkdir -p docs/reference
    cp "$fresh" "$page"
fi
