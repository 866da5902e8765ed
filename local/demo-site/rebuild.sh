#!/usr/bin/env bash
# Builds the demo site again: v1/ in full, v2/ as what the second build changes and adds, and
# v2.removed.txt with what it no longer has. Below _artifacts/ lie the same words as a PDF and an EPUB.
# Needs python3 with venv and a package index.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet "sphinx==9.0.4" "rst2pdf[svgsupport]==0.105"
# So that the same source gives the same bytes.
export SOURCE_DATE_EPOCH=1900000000

build() { # SOURCE OUTPUT
    "$work/venv/bin/sphinx-build" --quiet --fail-on-warning -b html -d "$work/doctrees" "$1" "$2"
    rm -rf "$2/.buildinfo" "$2/.doctrees" "$work/doctrees"
    # Sphinx's own scripts: the theme searches without a stemmer, and ships no code that is not ours.
    rm -f "$2"/_static/{base-stemmer,english-stemmer,language_data,doctools,sphinx_highlight,searchtools}.js
}

artifacts() { # SOURCE OUTPUT
    mkdir "$2/_artifacts"
    # An EPUB must have a version; pages must not, see conf.py. It has no use for a page of robots.
    "$work/venv/bin/sphinx-build" --quiet -b epub -d "$work/doctrees" -D version=1 \
        -D suppress_warnings=epub.unknown_project_files "$1" "$work/epub"
    python3 steady.py "$work/epub/tidepool.epub" "$2/_artifacts/tidepool.epub"
    "$work/venv/bin/sphinx-build" --quiet -b pdf -d "$work/doctrees" -D extensions=rst2pdf.pdfbuilder "$1" "$work/pdf"
    cp "$work/pdf/tidepool.pdf" "$2/_artifacts/tidepool.pdf"
    rm -rf "$work/doctrees" "$work/epub" "$work/pdf"
}

cp -r source "$work/source"
build "$work/source" "$work/v1"
artifacts "$work/source" "$work/v1"

cp -r source.v2/. "$work/source/"
while IFS= read -r page; do
    rm "$work/source/$page"
done < source.v2.removed.txt
build "$work/source" "$work/v2"
artifacts "$work/source" "$work/v2"

rm -rf v1 v2
cp -r "$work/v1" v1
python3 overlay.py "$work/v1" "$work/v2" v2 v2.removed.txt
echo "v1: $(find v1 -type f | wc -l) files; v2: $(find v2 -type f | wc -l) changed or added, $(wc -l < v2.removed.txt) removed"
