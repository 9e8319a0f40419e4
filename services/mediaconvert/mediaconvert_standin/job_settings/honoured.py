"""What happens to settings that nothing reads: rejected, named in a warning, or silent when a default."""

from __future__ import annotations

from typing import Any

from mediaconvert_standin.errors import Unsupported
from mediaconvert_standin.job_settings.reading import Node

MAX_WARNINGS = 100
_MAX_SHOWN_VALUE = 80

# Members that change what comes out so much that a job without them is not the job that was asked for.
_REJECTED = frozenset({
    "availBlanking",
    "colorConversion3DLUTSettings",
    "decryptionSettings",
    "dolbyVision",
    "dolbyVisionMetadataXml",
    "durationControl",
    "encryption",
    "esam",
    "hdr10Plus",
    "hlsRenditionGroupSettings",
    "kantarWatermark",
    "motionImageInserter",
    "motionImageInserters",
    "multiViewSettings",
    "nielsenConfiguration",
    "nielsenNonLinearWatermark",
    "partnerWatermarking",
    "supplementalImps",
    "tamsSettings",
    "timedMetadataInsertion",
    "videoGenerator",
    "videoOverlays",
})  # fmt: skip

# Of those, and of others, the ones that already do something when they are there and empty.
_REJECTED_EMPTY = frozenset({"dolbyVision", "hdr10Plus", "videoGenerator"})

# The service's defaults: a default value is always accepted in silence.
_DEFAULTS: dict[str, tuple[Any, ...]] = {
    "adAvailOffset": (0,),
    "adaptiveQuantization": ("AUTO",),
    "afdSignaling": ("NONE",),
    "alphaBehavior": ("DISCARD",),
    "alternateTransferFunctionSei": ("DISABLED",),
    "antiAlias": ("ENABLED", "DISABLED"),  # the service itself ignores DISABLED
    "audioDescriptionBroadcasterMix": ("NORMAL",),
    "audioDurationCorrection": ("DISABLED",),
    "audioFramesPerPes": (4,),
    "audioTypeControl": ("FOLLOW_INPUT",),
    "c2paManifest": ("EXCLUDE",),
    "captionLanguageSetting": ("OMIT",),
    "chromaPositionMode": ("AUTO",),
    "colorMetadata": ("INSERT",),
    "cslgAtom": ("INCLUDE",),
    "deblockFilter": ("DISABLED",),
    "denoiseFilter": ("DISABLED",),
    "dropFrameTimecode": ("ENABLED", "DISABLED"),  # no timecode is written either way
    "endOfStreamMarkers": ("INCLUDE",),
    "explicitWeightedPrediction": ("DISABLED",),
    "fieldEncoding": ("PAFF",),
    "filterEnable": ("AUTO",),
    "filterStrength": (0,),
    "flickerAdaptiveQuantization": ("DISABLED",),
    "format": ("RIFF",),  # of WAV
    "freeSpaceBox": ("EXCLUDE",),
    "hrdBufferFinalFillPercentage": (0,),
    "imageBasedTrickPlay": ("NONE",),
    "inputScanType": ("AUTO",),
    "interlaceMode": ("PROGRESSIVE",),
    "loudnessMeasurementMode": ("PROGRAM",),
    "minSegmentLength": (0,),
    "nielsenId3": ("NONE",),
    "padVideo": ("DISABLED",),
    "passthroughControl": ("NO_PASSTHROUGH",),
    "patInterval": (0,),
    "pcrControl": ("PCR_EVERY_PES_PACKET",),
    "pmtInterval": (0,),
    "programNumber": (1,),
    "programSelection": (0, 1),
    "progressiveWriteHlsManifest": ("ENABLED",),
    "psiControl": ("USE_PSI",),
    "rawFormat": ("NONE",),
    "klvMetadata": ("NONE",),
    "loudnessLogging": ("DONT_LOG",),
    "mvOverPictureBoundaries": ("ENABLED",),
    "mvTemporalPredictor": ("ENABLED",),
    "peakCalculation": ("NONE",),
    "postTemporalSharpening": ("AUTO",),
    "profile": ("OP1A",),
    "repeatPps": ("DISABLED",),
    "respondToAfd": ("NONE",),
    "saliencyAwareEncoding": ("DISABLED",),
    "sampleAdaptiveOffsetFilterMode": ("ADAPTIVE", "DEFAULT"),
    "sampleRange": ("FOLLOW",),
    "scanTypeConversionMode": ("INTERLACED",),
    "scte35Source": ("NONE",),
    "slowPal": ("DISABLED",),
    "softness": (0,),
    "spatialAdaptiveQuantization": ("ENABLED",),
    "specification": ("MPEG4",),
    "syntax": ("DEFAULT",),
    "telecine": ("NONE",),
    "temporalAdaptiveQuantization": ("ENABLED",),
    "temporalIds": ("DISABLED",),
    "tiles": ("DISABLED",),
    "timecodeInsertion": ("DISABLED",),
    "timecodeTrack": ("DISABLED",),
    "timedMetadata": ("NONE",),
    "unregisteredSeiTimecode": ("DISABLED",),
}
# Values that need something nobody here has, in settings that are otherwise ignored.
_REJECTED_VALUES = {
    "interlaceMode": "interlaced output",
    "telecine": "telecine",
    "imageBasedTrickPlay": "image based trick play",
    "padVideo": "black frames where the input has none",
    "profile": "this MXF profile",
    "rawFormat": "AAC in LATM",
    "sampleRange": "another sample range",
    "slowPal": "slow PAL",
}


def settle_unread(root: Node) -> tuple[str, ...]:
    """Warnings for the settings nothing read. Raises Unsupported for those that must not be dropped."""
    warnings: list[str] = []
    for pointer, value in root.unread():
        names = [part for part in pointer.split("/") if part and not part.isdigit()]
        rejected = next((name for name in names if name in _REJECTED), None)
        if rejected is not None and (value != {} or names[-1] in _REJECTED_EMPTY):
            raise Unsupported(f"{pointer} ({rejected})")
        if value in _DEFAULTS.get(names[-1], ()):
            continue
        if names[-1] in _REJECTED_VALUES:
            raise Unsupported(f"{pointer} ({_REJECTED_VALUES[names[-1]]})")
        warnings.append(f"Ignored by this emulator: {pointer} = {str(value)[:_MAX_SHOWN_VALUE]}")
    return tuple(warnings[:MAX_WARNINGS])


def is_default(name: str, value: Any) -> bool:
    """Whether a setting without effect is accepted in silence, because the service does the same by itself."""
    return value in _DEFAULTS.get(name, ())
