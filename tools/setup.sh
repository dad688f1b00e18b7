#!/usr/bin/env bash
# Installs what the build, the tests and the demo need. Runs again in a second when all is there.
set -euo pipefail
cd "$(dirname "$0")/.."
export TOCSIN_CACHE=${TOCSIN_CACHE:-$PWD/build/cache}
mkdir -p "$TOCSIN_CACHE"
say() { printf 'setup: %s\n' "$*"; }

# One setup at a time: `make -j` and two terminals must not race for apt.
exec 9>"$TOCSIN_CACHE/setup.lock"
flock 9

stamp=$TOCSIN_CACHE/setup.stamp
wanted=$(cat tools/packages.txt tools/setup.sh tools/fetch-*.sh web/package-lock.json 2>/dev/null | sha256sum | cut -d' ' -f1)
if [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && [ -d web/node_modules ] && command -v mosquitto >/dev/null &&
    command -v chromium >/dev/null; then
    exit 0
fi

mapfile -t packages < <(grep -v '^#' tools/packages.txt)
missing=()
installed=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' 2>/dev/null | awk '$2 == "installed" { print $1 }')
for package in "${packages[@]}"; do
    # nodejs and npm may also have been installed another way.
    case $package in nodejs) command -v node >/dev/null && continue ;; npm) command -v npm >/dev/null && continue ;; esac
    grep -qx -- "$package" <<<"$installed" || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
    as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || {
            say "these Debian packages are missing and this user is neither root nor has sudo: ${missing[*]}"
            exit 1
        }
        as_root=(sudo)
    fi
    say "installing ${#missing[@]} Debian packages: ${missing[*]}"
    # Brokers, databases and nginx come for the tests, which start their own: none of them may open a
    # port on this machine because of us, now or at the next boot.
    policy=/usr/sbin/policy-rc.d
    units=$(ls /lib/systemd/system 2>/dev/null)
    if [ ! -e $policy ]; then
        trap '"${as_root[@]}" rm -f "$policy"' EXIT
        printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee $policy >/dev/null
        "${as_root[@]}" chmod 755 $policy
    fi
    "${as_root[@]}" apt-get update -qq || say "apt-get update failed; going on with the lists that are here"
    DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends \
        -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "${missing[@]}" 2>&1 | tee "$TOCSIN_CACHE/apt.log" |
        awk '/^Unpacking/ && ++n % 50 == 0 { print "setup: " n " packages unpacked"; fflush() }
             /^Setting up/ && ++m % 50 == 0 { print "setup: " m " packages set up"; fflush() }' || {
        tail -n 20 "$TOCSIN_CACHE/apt.log"
        say "apt-get could not install them; the whole log is $TOCSIN_CACHE/apt.log"
        exit 1
    }
    if [ -d /run/systemd/system ]; then
        comm -13 <(printf '%s\n' "$units") <(ls /lib/systemd/system) |
            grep -E '^(mosquitto|nginx|postgresql|redis-server|swift-[a-z-]+)\.service$' |
            xargs -r "${as_root[@]}" systemctl disable --quiet || true
    fi
fi

say "SQLite with ciphers"
tools/fetch-sqlite.sh
# Optional parts: without them OpenCV and its people detector do the work.
say "OpenVINO"
tools/fetch-openvino.sh || say "OpenVINO could not be fetched; detection will use OpenCV"
say "detection model"
tools/fetch-models.sh || say "the model could not be fetched; detection will use OpenCV's people detector"

say "web packages"
(cd web && npm ci --no-audit --no-fund >"$TOCSIN_CACHE/npm.log" 2>&1) || {
    grep -i error "$TOCSIN_CACHE/npm.log" | head -n 20
    say "npm could not install the web packages; the whole log is $TOCSIN_CACHE/npm.log"
    exit 1
}

if [ -d .git ]; then git config core.hooksPath tools/hooks; fi
printf '%s' "$wanted" >"$stamp"
say "done"
