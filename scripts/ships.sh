#!/usr/bin/env bash
# Builds a function as it is deployed and checks that it can be: scripts/ships.sh [FUNCTION [MAX_ZIP_MB]]
#
# Without arguments render-document, whose zip may have 25 MB (Lambda takes 50 MB,
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html). Takes many minutes: link-time optimization.
# The binary is for this machine's processor; the C library of Amazon Linux 2023 is 2.34.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [[ ${1:-} == -h || ${1:-} == --help ]]; then
    sed -n '2,7s/^# \{0,1\}//p' "$0"
    exit 0
fi

function=${1:-render-document}
most=${2:-25}
binary=${CARGO_TARGET_DIR:-target}/release/imprint-$function

cargo build --release --locked -p "imprint-$function" --bin "imprint-$function"
python3 - "$binary" "$most" <<'PYTHON'
import io
import re
import sys
import zipfile

path, most = sys.argv[1], float(sys.argv[2])
binary = open(path, "rb").read()
# Names of symbol versions end with a zero; what only looks like one does not.
versions = {tuple(map(int, version.split(b"."))) for version in re.findall(rb"GLIBC_([0-9]+\.[0-9]+)(?:\.[0-9]+)?\0", binary)}
zipped = io.BytesIO()
with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
    archive.writestr("bootstrap", binary)
newest, megabytes = max(versions), len(zipped.getvalue()) / 1e6
print(f"{path}: {len(binary) / 1e6:.1f} MB, {megabytes:.1f} MB as zip, asks for GLIBC {newest[0]}.{newest[1]}")
wrong = []
if newest > (2, 34):
    wrong.append(f"Amazon Linux 2023 has glibc 2.34 and would not start it (look for the symbol with `objdump -T {path}`)")
if megabytes > most:
    wrong.append(f"the zip may have {most:.0f} MB")
sys.exit("\n".join(wrong) if wrong else 0)
PYTHON
