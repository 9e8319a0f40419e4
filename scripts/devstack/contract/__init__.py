"""The platform as its contract describes it: what any program outside can do with it."""
