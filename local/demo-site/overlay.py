"""Writes the difference of two builds: changed and added files into a folder, removed paths into a list."""

import filecmp
import shutil
import sys
from pathlib import Path


def files(root):
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def main(old, new, overlay, removed_list):
    before, after = files(old), files(new)
    for name in sorted(after):
        if name not in before or not filecmp.cmp(old / name, new / name, shallow=False):
            target = overlay / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(new / name, target)
    removed_list.write_text("".join(f"{name}\n" for name in sorted(before - after)), encoding="utf-8")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
