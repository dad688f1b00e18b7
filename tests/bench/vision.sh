#!/bin/sh
# vision.sh PROGRAM [MODEL...] - how well and at what cost tocsin-watch sees: vtest.avi against the ground truth.
# Prints a table for docs/benchmarks.md; fails when yolo-fastest-1.1_body misses the goals of the project:
# precision 0.88, recall 0.83, MOTA 0.72 at IoU 0.5, at most 38 numbers, and 15 % overhead over the inferences.
# The overhead is all CPU time of the process while the film plays, decoding included, over that spent inside the
# engine's runs. Models in Darknet form are brought to ONNX by tools/fetch-models.sh (tools/darknet2onnx.py).
# Exit 77 where the video, the truth or the model is not on this machine.
set -eu
cd "$(dirname "$0")/../.."
program=${1:?usage: vision.sh PATH-OF-tocsin-watch [MODEL...]}
shift
[ $# -gt 0 ] || set -- yolo-fastest-1.1_body ssd-mobilenetv2-oidv4
models=${TOCSIN_CACHE:-build/cache}/models
video=/usr/share/doc/opencv-doc/examples/data/vtest.avi
truth=../shared/data/video/pets/PETS09-S2L1-gt-frames-1-400.txt
for needed in "$video" "$truth" "$models/yolo-fastest-1.1_body.onnx"; do
    [ -f "$needed" ] || { echo "1..0 # SKIP $needed is not here"; exit 77; }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bad=0
for model in "$@"; do
    if [ "$model" = hog ]; then set -- --frames 400; else set -- --model "$models/$model.ini"; fi
    "$program" replay "$video" --mot "$work/tracks.txt" "$@" >"$work/cost.txt"
    python3 tests/bench/mot_score.py "$truth" "$work/tracks.txt" >"$work/score.txt"
    echo "$model: $(cat "$work/score.txt")"
    echo "    numbers in the whole video: $(cut -d, -f2 "$work/tracks.txt" | sort -u | wc -l)"
    sed 's/^/    /' "$work/cost.txt"
    [ "$model" = yolo-fastest-1.1_body ] || continue
    awk '{ exit !($2 >= 0.88 && $4 >= 0.83 && $6 >= 0.72) }' "$work/score.txt" || bad=1
    awk '{ exit !($14 <= 38) }' "$work/score.txt" || bad=1
    awk '/^overhead/ { found = 1; bad = $5 + 0 > 15 } END { exit bad || !found }' "$work/cost.txt" || bad=1
done
exit $bad
