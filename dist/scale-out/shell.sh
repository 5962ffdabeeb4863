#!/bin/sh
# Plays a storm or a fleet in several processes of this host, and adds the results up. docs/scale-out.md tells more.
#
#   shell.sh PARTS FOLDER storm --phones 1000000 --days 7 --scenario storm.toml
#   shell.sh PARTS FOLDER fleet --phones 20000 --rule 'http://192.0.2.10/$MA.xml' --ramp 60 --duration 600
#
# FOLDER gets part-N.json and part-N.log of each part, whole.json and whole.html. Parts that were played to their end are not
# played again: after a failure the same command plays only what was lost. HARNESS names the program if it is not on the PATH.
# A --threshold judges each part alone: judge the sum with `onhook-harness merge FOLDER/part-*.json --threshold ...`.
set -eu

if [ $# -lt 3 ]; then
    echo "usage: $0 PARTS FOLDER storm|fleet ARGUMENTS..." >&2
    exit 2
fi
parts=$1
folder=$2
shift 2
harness=${HARNESS:-onhook-harness}
mkdir -p "$folder"

# A sum, so that no key of a rule gets into a file.
arguments=$(printf '%s\n' "$parts" "$@" | cksum)
if [ -e "$folder/arguments" ] && [ "$(cat "$folder/arguments")" != "$arguments" ]; then
    echo "$folder has parts that were played with other arguments: take another folder" >&2
    exit 2
fi
echo "$arguments" >"$folder/arguments"

# Whether a part was played to its end.
played() {
    [ -e "$folder/part-$1.json" ] && ! grep -q '^  "interrupted": true' "$folder/part-$1.json"
}

pids=
trap 'kill $pids 2>/dev/null || true; wait; exit 130' INT TERM
part=1
while [ "$part" -le "$parts" ]; do
    if ! played "$part"; then
        "$harness" "$@" --shard "$part/$parts" --out "$folder/part-$part.json" >"$folder/part-$part.log" 2>&1 &
        pids="$pids $!"
    fi
    part=$((part + 1))
done
for pid in $pids; do
    # What the part of a fleet thinks of itself does not matter: the sum is judged.
    wait "$pid" || true
done

set --
part=1
while [ "$part" -le "$parts" ]; do
    if ! played "$part"; then
        echo "part $part is lost: see $folder/part-$part.log, and play it with the same command" >&2
        exit 1
    fi
    set -- "$@" "$folder/part-$part.json"
    part=$((part + 1))
done
exec "$harness" merge "$@" --out "$folder/whole.json" --html "$folder/whole.html"
