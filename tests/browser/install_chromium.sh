#!/bin/sh
# Make sure that there is a Chromium for the browser tests: the one named by TEACHTF_CHROMIUM, one that is installed,
# or, for root on Debian, the distribution's.
set -eu
if [ -n "${TEACHTF_CHROMIUM:-}" ]; then exit 0; fi
for name in chromium chromium-browser google-chrome; do
    if command -v "$name" >/dev/null 2>&1; then exit 0; fi
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing Chromium from the distribution's packages"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null
else
    echo "The browser tests need Chromium: install it, or set TEACHTF_CHROMIUM to a Chrome or Chromium program." >&2
    exit 1
fi
