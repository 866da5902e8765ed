"""Packs an EPUB again with one date for all that is in it, so that the same book has the same bytes."""

import sys
import zipfile

# The first day that a ZIP archive can name.
DATE = (1980, 1, 1, 0, 0, 0)


def main(source, target):
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        # In the order in which they are: an EPUB begins with its media type, which is not compressed.
        for one in old.infolist():
            entry = zipfile.ZipInfo(one.filename, DATE)
            entry.compress_type = one.compress_type
            entry.external_attr = 0o644 << 16
            new.writestr(entry, old.read(one), compresslevel=9)


if __name__ == "__main__":
    main(*sys.argv[1:])
