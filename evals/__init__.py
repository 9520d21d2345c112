"""Cases, measures, runs and benchmarks over the library. Knows no screen."""
