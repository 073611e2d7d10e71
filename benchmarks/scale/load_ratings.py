"""Loading ratings in the form of MovieLens 32M: Polars' and Arrow's bare reads, and the checked `Dataset`.

python benchmarks/scale/load_ratings.py FOLDER [--repeats 3] [--threads 2]
    FOLDER holds ratings.csv and movies.csv, such as `python benchmarks/scale/generate.py 32000000 FOLDER` writes.
"""

from __future__ import annotations

import argparse

from _child import in_turns, show


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    file = f"{options.folder}/ratings.csv"
    limit = f"import pyarrow; pyarrow.set_cpu_count({options.threads})\n"
    codes = {
        "Polars, bare read": f"import polars\nmeasured(lambda: print(polars.read_csv({file!r}).shape))",
        "Arrow, bare read": f"{limit}from pyarrow import csv\nmeasured(lambda: print(csv.read_csv({file!r}).shape))",
        "elm.data.load": f"{limit}import pathlib, elm.data\n"
        f"measured(lambda: print(elm.data.load(pathlib.Path({options.folder!r}))))",
    }
    show(in_turns(codes, options.repeats, options.threads), "Polars, bare read")


if __name__ == "__main__":
    main()
