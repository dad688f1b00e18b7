#!/bin/sh
# fetch-models.sh - the detector's models, once, into build/cache/models.
# ssd-mobilenetv2-oidv4: from the npm package @mediapipe/objectron (Apache-2.0), pinned by checksum, brought
# to our output shape by tools/tflite2onnx.py. Without npm's registry detection uses OpenCV's HOG, which
# needs no file. The test model is converted where the shared test data lies beside the repository.
set -eu
cd "$(dirname "$0")/.."
cache=${TOCSIN_CACHE:-build/cache}
out=$cache/models
package=@mediapipe/objectron@0.4.1675468480
package_sum=fc3e37b326b05e8f596099c90b3e0931b05a56cd3160b9ac450b621794bac94c
model_sum=d0a5255bf8c4f5a0bc4240741a76c41d5e939f7655078f945f50ab53a9375da6
tests=../shared/data/video/models
mkdir -p "$out"

# What a converted model was made from and by: it is made again when either changes.
stamp() { # CONVERTER SUM
    echo "$2 $(cat tools/onnxfile.py "tools/$1" | sha256sum | cut -c1-16)"
}

# Converts into a temporary name first: a model that exists is whole.
place() { # NAME CONVERTER INPUT...
    name=$1
    converter=$2
    shift 2
    python3 "tools/$converter" "$@" "$out/.$name.onnx"
    mv "$out/.$name.onnx" "$out/$name.onnx"
    cp "tools/models/$name.ini" "$out/$name.ini"
}

is_made() { # NAME STAMP
    [ -f "$out/$1.onnx" ] && [ "$(cat "$out/$1.from" 2>/dev/null || true)" = "$2" ]
}

if [ -f "$tests/yolo-fastest-1.1_body.weights" ]; then
    name=yolo-fastest-1.1_body
    from=$(stamp darknet2onnx.py "$(sha256sum <"$tests/$name.weights" | cut -d' ' -f1)")
    if ! is_made "$name" "$from"; then
        place "$name" darknet2onnx.py "$tests/$name.cfg" "$tests/$name.weights"
        echo "$from" >"$out/$name.from"
    fi
    cp "tools/models/$name.ini" "$out/"
fi

name=ssd-mobilenetv2-oidv4
from=$(stamp tflite2onnx.py "$package_sum")
if is_made "$name" "$from"; then
    cp "tools/models/$name.ini" "$out/"
    exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
echo "fetch-models: fetching $package (33 MB)"
if ! archive=$(npm pack --silent --pack-destination "$work" "$package"); then
    echo "fetch-models: npm's registry cannot be reached; detection will use OpenCV's HOG" >&2
    exit 3
fi
echo "$package_sum  $work/$archive" | sha256sum --check --quiet
tar -xzf "$work/$archive" -C "$work" package/objectron_solution_packed_assets.data
# Two files behind each other: 184 bytes of label names, then the model.
tail -c +185 "$work/package/objectron_solution_packed_assets.data" >"$work/model.tflite"
echo "$model_sum  $work/model.tflite" | sha256sum --check --quiet
place "$name" tflite2onnx.py "$work/model.tflite"
echo "$from" >"$out/$name.from"
echo "fetch-models: ready in $out"
