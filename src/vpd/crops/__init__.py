"""Crops: the square around an athlete with its optical flow, and the file that holds them."""

from vpd.crops.encoding import flow_in_pixels
from vpd.crops.file import CropFile, CropWriter, write_crops
from vpd.crops.geometry import to_crop
from vpd.crops.make import Cropping, make_crops

__all__ = ["CropFile", "CropWriter", "Cropping", "flow_in_pixels", "make_crops", "to_crop", "write_crops"]
