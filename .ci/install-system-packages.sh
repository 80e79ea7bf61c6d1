#!/usr/bin/env bash
# Chromium for the browser tests (the build without windows, which takes half the CPU), pgbouncer for the pooling tests
# and promtool (of prometheus) for those of the metrics and alert rules, where they can be had: the suites that need them
# skip, and say so, where they cannot. Never fails.
set -u
missing=()
command -v chromium-headless-shell >/dev/null || missing+=(chromium-headless-shell)
command -v pgbouncer >/dev/null || [ -x /usr/sbin/pgbouncer ] || missing+=(pgbouncer)
command -v promtool >/dev/null || missing+=(prometheus)
[ ${#missing[@]} -gt 0 ] || exit 0
if ! command -v apt-get >/dev/null || [ "$(id -u)" -ne 0 ]; then
  echo "not installed, and cannot be here: ${missing[*]}"
  exit 0
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq || true
for package in "${missing[@]}"; do
  apt-get install -y -qq --no-install-recommends "$package" >/dev/null || echo "not installable here: $package"
done
exit 0
