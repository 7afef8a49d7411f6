"""Crops: the square around an athlete with its optical flow, and the file that holds them."""

from vpd.crops.encoding import flow_in_pixels
from vpd.crops.file import CropFile, write_crops
from vpd.crops.geometry import to_crop
from vpd.crops.make import make_crops

__all__ = ["CropFile", "flow_in_pixels", "make_crops", "to_crop", "write_crops"]
