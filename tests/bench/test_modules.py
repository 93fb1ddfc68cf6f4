"""Every benchmark can be begun: what it takes from the package is there."""

import importlib
import pkgutil

import pytest

import bench


@pytest.mark.parametrize("name", [module.name for module in pkgutil.iter_modules(bench.__path__, "bench.")])
def test_a_benchmark_imports(name):
    if name != "bench.__main__":
        importlib.import_module(name)
