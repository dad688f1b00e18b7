#!/usr/bin/env bash
# package.sh BUILD: build/package/tocsin-VERSION-ARCH.tar.xz with the programs, the broker plugin, the web page, the broker
# templates and the service files, laid out below /usr.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:?usage: tools/package.sh BUILD_FOLDER}
name=tocsin-$(cat VERSION)-$(uname -m)
root=build/package/$name
rm -rf "$root"
install -d "$root/usr/bin" "$root/usr/lib/tocsin" "$root/usr/lib/systemd/system" "$root/usr/lib/sysusers.d" "$root/usr/share/tocsin" "$root/usr/share/doc/tocsin"
for program in tocsin tocsin-control tocsin-gateway tocsin-edge tocsin-watch tocsin-enrol tocsin-map; do
    install -m 755 -s "$build/$program" "$root/usr/bin/"
done
install -m 644 "$build/tocsin-broker.so" "$root/usr/lib/tocsin/"
if [ -d build/cache/openvino ]; then cp -a build/cache/openvino "$root/usr/lib/tocsin/openvino"; fi
if [ -d build/cache/models ]; then cp -a build/cache/models "$root/usr/share/tocsin/models"; fi
cp -a web/dist "$root/usr/share/tocsin/web"
cp -a deploy/mosquitto deploy/nginx "$root/usr/share/tocsin/"
install -m 644 deploy/systemd/*.service "$root/usr/lib/systemd/system/"
install -m 644 deploy/sysusers/tocsin.conf "$root/usr/lib/sysusers.d/"
install -m 644 LICENSE README.md CHANGELOG.md "$root/usr/share/doc/tocsin/"
tar -C build/package --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$(git log -1 --format=%ct)" -cJf "build/package/$name.tar.xz" "$name"
rm -rf "$root"
ls -l "build/package/$name.tar.xz"
