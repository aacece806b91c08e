from . import Sim as Sim
