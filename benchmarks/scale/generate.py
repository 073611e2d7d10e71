"""Write generated ratings in the shape of MovieLens 32M: its two CSV files, or Parquet shards.

python benchmarks/scale/generate.py 32000000 FOLDER [--shards 16] [--seed 0]
"""

from __future__ import annotations

import argparse
from pathlib import Path

from elm.data import write_generated


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ratings", type=int)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--shards", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    print(write_generated(options.folder, options.ratings, options.shards, options.seed))


if __name__ == "__main__":
    main()
