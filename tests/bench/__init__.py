"""What a page costs, beside the bare framework on the same machine: `make bench`. Not part of the tests.

A cost is the CPU time of the web server's workers and of PostgreSQL for one request, in milliseconds. Absolute figures
drift from machine to machine; the ratios to the reference (reference.py), served in the same run, hardly do.
"""
