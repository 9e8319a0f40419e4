"""An AWS Elemental MediaConvert that speaks the real protocol and really transcodes with ffmpeg."""

__version__ = "0.1.0"
