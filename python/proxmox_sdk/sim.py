"""A simulated cluster, so that programs can be tested without one."""

from ._native import Sim as Sim
