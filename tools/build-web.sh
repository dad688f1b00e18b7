#!/usr/bin/env bash
# Builds the web page into web/dist, unless it is newer than its sources.
set -euo pipefail
cd "$(dirname "$0")/../web"
if [ -f dist/index.html ] && [ -z "$(find src index.html package-lock.json vite.config.* -newer dist/index.html -print -quit)" ]; then
    exit 0
fi
echo "web: building the page"
npm run --silent build
