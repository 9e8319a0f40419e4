#!/usr/bin/env python3
"""`python3 scripts/deploy.py --stage S`: the same as `python3 scripts/dev.py deploy --stage S`."""

import sys

import dev

if __name__ == "__main__":
    sys.exit(dev.main(["deploy", *sys.argv[1:]]))
