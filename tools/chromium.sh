#!/bin/sh
# The browser tests need Debian's chromium: installed where that is allowed, asked for where it is not.
command -v chromium >/dev/null 2>&1 && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "  installing chromium for the browser tests"
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium fonts-noto-cjk >/dev/null
else
    echo "  browser tests are skipped: install chromium (sudo apt-get install chromium fonts-noto-cjk)"
fi
