#!/bin/sh
# fetch-openvino.sh - OpenVINO's C API from its PyPI wheel, once, into build/cache/openvino.
# Only what detection needs is kept: core, C API, CPU plugin, ONNX and IR readers, TBB. Without it (no
# PyPI, another processor) the build still works: detection then runs on Debian's OpenCV.
set -eu
cd "$(dirname "$0")/.."
version=2026.4.1
cache=${TOCSIN_CACHE:-build/cache}
out=$cache/openvino

case $(uname -m) in
x86_64) platform=manylinux_2_28_x86_64
        sum=2d22b1da03f7caf74df30e9f6417d0ab2f637e4a38e08e1dcd294d2c37407aaf ;;
*) echo "fetch-openvino: no pinned wheel for $(uname -m); detection will run on OpenCV" >&2; exit 3 ;;
esac
stamp="$version $(sha256sum <tools/fetch-openvino.sh | cut -c1-16)"
[ "$(cat "$out/version" 2>/dev/null || true)" = "$stamp" ] && exit 0

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
echo "fetch-openvino: fetching OpenVINO $version (59 MB)"
printf 'openvino==%s --hash=sha256:%s\n' "$version" "$sum" >"$work/wanted.txt"
python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: \
    --python-version 3.11 --implementation cp --abi cp311 --platform "$platform" \
    --require-hashes --requirement "$work/wanted.txt" --dest "$work" || {
    echo "fetch-openvino: PyPI cannot be reached or has changed; detection will run on OpenCV" >&2
    exit 3
}
mkdir -p "$work/keep/lib"
unzip -q "$work"/openvino-*.whl 'openvino/include/openvino/c/*' 'openvino/libs/*' \
    'openvino-*.dist-info/licenses/*' -d "$work/wheel"
mv "$work/wheel/openvino/include" "$work/keep/include"
for name in libopenvino.so libopenvino_c.so libopenvino_intel_cpu_plugin.so \
    libopenvino_ir_frontend.so libopenvino_onnx_frontend.so libtbb.so libtbbmalloc.so libtbbbind_2_5.so libhwloc.so; do
    cp "$work"/wheel/openvino/libs/$name* "$work/keep/lib/"
done
mv "$work"/wheel/openvino-*.dist-info/licenses "$work/keep/licences"
echo "$stamp" >"$work/keep/version"
rm -rf "$out"
mkdir -p "$cache"
mv "$work/keep" "$out"
echo "fetch-openvino: ready in $out"
