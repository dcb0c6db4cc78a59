"""Published peak rates of accelerators: dense matrix products, no sparsity, one chip."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class Machine(NamedTuple):
    """A machine's limits.

    peaks: operations a second, by float type. bandwidth: bytes a second of its own memory.
    """

    name: str
    peaks: Mapping[str, float]
    bandwidth: float
    source: str


def _half(rate: float, **others: float) -> Mapping[str, float]:
    return MappingProxyType({"float16": rate, "bfloat16": rate, **others})


MACHINES: Mapping[str, Machine] = MappingProxyType(
    {
        "v100": Machine(
            "NVIDIA V100 SXM2",
            MappingProxyType({"float16": 125e12, "float32": 15.7e12, "float64": 7.8e12}),
            900e9,
            "NVIDIA V100 datasheet, 2020",
        ),
        "a100": Machine(
            "NVIDIA A100 80GB SXM",
            _half(312e12, float32=19.5e12, float64=19.5e12),
            2039e9,
            "NVIDIA A100 datasheet, 2021",
        ),
        "h100": Machine(
            "NVIDIA H100 SXM",
            _half(989e12, float8=1979e12, float32=67e12, float64=67e12),
            3.35e12,
            "NVIDIA H100 datasheet, 2023",
        ),
        "h200": Machine(
            "NVIDIA H200 SXM",
            _half(989e12, float8=1979e12, float32=67e12, float64=67e12),
            4.8e12,
            "NVIDIA H200 datasheet, 2024",
        ),
        "l4": Machine(
            "NVIDIA L4",
            _half(121e12, float8=242e12, float32=30.3e12),
            300e9,
            "NVIDIA L4 datasheet, 2023, half of the rates with sparsity",
        ),
        "mi300x": Machine(
            "AMD Instinct MI300X",
            _half(1307.4e12, float8=2614.9e12, float32=163.4e12, float64=163.4e12),
            5.3e12,
            "AMD Instinct MI300X datasheet, 2023",
        ),
        "tpu-v4": Machine(
            "Google TPU v4",
            MappingProxyType({"bfloat16": 275e12}),
            1200e9,
            "Google Cloud TPU v4 documentation",
        ),
        "tpu-v5e": Machine(
            "Google TPU v5e",
            MappingProxyType({"bfloat16": 197e12}),
            819e9,
            "Google Cloud TPU v5e documentation",
        ),
        "tpu-v5p": Machine(
            "Google TPU v5p",
            MappingProxyType({"bfloat16": 459e12}),
            2765e9,
            "Google Cloud TPU v5p documentation",
        ),
    }
)
