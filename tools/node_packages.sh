#!/bin/sh
# Installs the packages of tests/node as its lock says, once. Without Node 20 the tests that need them skip and say so.
set -eu
cd "$(dirname "$0")/../tests/node"
if [ -f node_modules/.installed ] && [ ! package-lock.json -nt node_modules/.installed ]; then
    exit 0
fi
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    echo "no node or npm: the tests against independent OpenID software will be skipped" >&2
    exit 1
fi
npm ci --no-audit --no-fund --ignore-scripts --loglevel=error
touch node_modules/.installed
