"""Transcode → ffmpeg's argument vector. Pure; nothing a stranger typed reaches it."""

from __future__ import annotations

from collections.abc import Sequence

from mediaconvert_standin.inspection.sniff import full_name
from mediaconvert_standin.transcoding.graph import Chain, build_graph
from mediaconvert_standin.transcoding.muxers import Bundle, bundle
from mediaconvert_standin.transcoding.pieces import Piece, picture_seconds
from mediaconvert_standin.transcoding.sounds import LAYOUTS, AudioTask, SoundSource
from mediaconvert_standin.transcoding.transcode import OutputTask, Transcode
from mediaconvert_standin.transcoding.video_arguments import MAX_PIXELS, encoder_arguments

MAX_ALLOCATION = 512 * 1024 * 1024  # one block; a 10-bit 4:4:4 frame of MAX_PIXELS is 212 MB
MAX_STREAMS = 64
PROGRESS_PERIOD = 0.25  # seconds
MAX_MEDIA_SECONDS = 14 * 3600
LENGTH_MARGIN = 60.0  # seconds past the declared length, for containers that only estimate it
# Seconds of silence beside pictures of unknown length; concat stretches it if another piece follows.
SILENT_PIECE = 0.05

_AUDIO_ENCODERS = {
    "AAC": "aac",
    "AC3": "ac3",
    "EAC3": "eac3",
    "FLAC": "flac",
    "MP2": "mp2",
    "MP3": "libmp3lame",
    "OPUS": "libopus",
    "VORBIS": "libvorbis",
}
_PCM = {("WAV", 16): "pcm_s16le", ("WAV", 24): "pcm_s24le", ("AIFF", 16): "pcm_s16be", ("AIFF", 24): "pcm_s24be"}
_AAC_QUALITY = {"LOW": "0.8", "MEDIUM_LOW": "1.2", "MEDIUM_HIGH": "1.6", "HIGH": "2"}
_LOSSLESS = {"FLAC", "WAV", "AIFF"}
# The display matrix would be copied to the outputs, whose pixels are already upright.
_NO_MATRIX = "sidedata=mode=delete:type=DISPLAYMATRIX"


def input_name(index: int) -> str:
    """Local file of an input."""
    return f"in{index}.bin"


def image_name(index: int) -> str:
    """Local file of a still image."""
    return f"image{index}.bin"


def sound_name(index: int) -> str:
    """Local file of an external sound."""
    return f"sound{index}.bin"


def arguments(transcode: Transcode, image_demuxers: Sequence[str] = ()) -> list[str]:
    """Arguments for one run that decodes once and writes every output into the current folder."""
    bundles = bundle(output for output in transcode.outputs if output.encoded)
    graph = _Graph(transcode, [member.first for member in bundles])
    argv = [*_global_options()]
    for piece in transcode.pieces:
        argv += _input_options(piece)
    for index, demuxer in enumerate(image_demuxers):
        argv += [*_limits(demuxer), "-f", demuxer, "-i", f"file:{image_name(index)}"]
    for index, media in enumerate(transcode.sounds):
        argv += [*_limits(media.demuxer), "-f", media.demuxer, "-i", f"file:{sound_name(index)}"]
    if graph.statements:
        argv += ["-filter_complex", ";".join(graph.statements)]
    limit = _length_limit(transcode)
    for member in bundles:
        argv += _encoded(member, graph)
        argv += ["-t", f"{limit:.3f}", *member.arguments]
    return argv


class _Graph:
    """Statements, and the graph's ends by output name: one for the picture, one for each audio description.

    Sound goes through the same graph as the picture. In graphs of its own, a burst of inserted silence
    blocks ffmpeg's scheduler for good: the audio graph waits for its turn, the demuxer for the audio graph.
    But the shared graph waits for the first frame of each, so sound that starts much later than the
    picture is left out of it, and not filled with silence.
    """

    def __init__(self, transcode: Transcode, outputs: Sequence[OutputTask]) -> None:
        self.statements: list[str] = []
        self.pictures: dict[str, str] = {}
        self.sounds: dict[tuple[str, int], str] = {}
        self._pieces = transcode.pieces
        self._first_external = len(transcode.pieces) + len(transcode.images)
        self._joined = len(transcode.pieces) > 1
        shown = [output for output in outputs if output.video is not None and not output.video.copied]
        heard = [
            (output, index, audio)
            for output in outputs
            for index, audio in enumerate(output.audio)
            if not audio.copied and (audio.with_picture or self._joined or transcode.pieces[0].trimmed)
        ]
        picture_ends = [self._picture_chains(place, shown) for place in range(len(self._pieces))]
        sound_ends = [self._sound_chains(place, heard) for place in range(len(self._pieces))]
        if self._joined:
            for output in outputs:
                self._join(output, picture_ends, sound_ends)
        else:
            self.pictures, self.sounds = picture_ends[0], sound_ends[0]
            for output, index, audio in heard:
                if audio.sources[0] is None:
                    silence = self._silence(f"{output.name}_{index}", transcode.pieces[0], output, audio)
                    self.sounds[(output.name, index)] = self._after(silence, audio.filters, sound=True)

    def _picture_chains(self, place: int, shown: Sequence[OutputTask]) -> dict[str, str]:
        if not shown:
            return {}
        chains = []
        for output in shown:
            assert output.video is not None  # noqa: S101 - chosen so
            after = () if self._joined else output.video.filters
            chains.append((_NO_MATRIX, *output.video.chains[place], *after))
        made, ends = build_graph(chains, f"{place}:V:0")  # V is video without cover art
        self.statements += made
        return {output.name: end for output, end in zip(shown, ends, strict=True)}

    def _sound_chains(
        self, place: int, heard: Sequence[tuple[OutputTask, int, AudioTask]]
    ) -> dict[tuple[str, int], str]:
        ends: dict[tuple[str, int], str] = {}
        sources = [audio.sources[place] for _, _, audio in heard]
        origins = dict.fromkeys(
            (self.input_of(place, source), source.tracks) for source in sources if source is not None
        )
        for origin, tracks in origins:
            users = [
                (item, source)
                for item, source in zip(heard, sources, strict=True)
                if source is not None and (self.input_of(place, source), source.tracks) == (origin, tracks)
            ]
            chains = [source.filters if self._joined else (*source.filters, *item[2].filters) for item, source in users]
            made, found = build_graph(chains, self._source(place, origin, tracks), sound=True)
            self.statements += made
            ends |= {(item[0].name, item[1]): end for (item, _), end in zip(users, found, strict=True)}
        return ends

    def input_of(self, place: int, source: SoundSource) -> int:
        """ffmpeg's number of the input that a piece's sound comes from."""
        return place if source.external is None else self._first_external + source.external

    def _source(self, place: int, origin: int, tracks: tuple[int, ...]) -> str:
        """The label of tracks of one input; several become one with the channels of all."""
        if len(tracks) == 1:
            return f"{origin}:a:{tracks[0]}"
        name = f"merged{place}_{origin}_{'_'.join(map(str, tracks))}"
        labels = "".join(f"[{origin}:a:{track}]" for track in tracks)
        self.statements.append(f"{labels}amerge=inputs={len(tracks)}[{name}]")
        return name

    def _join(
        self,
        output: OutputTask,
        pictures: Sequence[dict[str, str]],
        sounds: Sequence[dict[tuple[str, int], str]],
    ) -> None:
        labels: list[str] = []
        for place, piece in enumerate(self._pieces):
            if output.video is not None:
                labels.append(pictures[place][output.name])
            for index, audio in enumerate(output.audio):
                end = sounds[place].get((output.name, index))
                labels.append(end or self._silence(f"{output.name}_{place}_{index}", piece, output, audio))
        joined = [f"joined_{output.name}"] if output.video is not None else []
        joined += [f"joined_{output.name}_{index}" for index in range(len(output.audio))]
        shape = f"n={len(self._pieces)}:v={0 if output.video is None else 1}:a={len(output.audio)}"
        self.statements.append(f"[{']['.join(labels)}]concat={shape}[{']['.join(joined)}]")
        if output.video is not None:
            self.pictures[output.name] = self._after(joined.pop(0), output.video.filters, sound=False)
        for index, (label, audio) in enumerate(zip(joined, output.audio, strict=True)):
            self.sounds[(output.name, index)] = self._after(label, audio.filters, sound=True)

    def _after(self, label: str, filters: Chain, *, sound: bool) -> str:
        if not filters:
            return label
        made, ends = build_graph([filters], label, sound=sound)
        self.statements += made
        return ends[0]

    def _silence(self, name: str, piece: Piece, output: OutputTask, audio: AudioTask) -> str:
        length = picture_seconds([piece]) if output.video is not None else piece.seconds
        seconds = length or SILENT_PIECE
        layout = LAYOUTS.get(audio.channels, "stereo")
        label = f"silence_{name}"
        self.statements.append(
            f"anullsrc=r={audio.sample_rate}:cl={layout},atrim=duration={seconds:.6f},"
            f"aformat=channel_layouts={layout}[{label}]"
        )
        return label


def _global_options() -> list[str]:
    return [
        *("-hide_banner", "-nostdin", "-y", "-loglevel", "warning", "-nostats"),
        *("-progress", "pipe:1", "-stats_period", str(PROGRESS_PERIOD)),
        *("-max_alloc", str(MAX_ALLOCATION)),
    ]


def _limits(demuxer: str) -> list[str]:
    return [
        *("-protocol_whitelist", "file", "-format_whitelist", full_name(demuxer)),
        *("-max_streams", str(MAX_STREAMS), "-max_pixels", str(MAX_PIXELS)),
    ]


def _input_options(piece: Piece) -> list[str]:
    demuxer = piece.media.demuxer
    seek = ["-ss", f"{piece.seek:.6f}"] if piece.seek > 0 else []
    if piece.length is not None:
        seek += ["-t", f"{piece.start - piece.seek + piece.length + 1:.6f}"]
    return ["-noautorotate", *_limits(demuxer), *seek, "-f", demuxer, "-i", f"file:{input_name(piece.input)}"]


def _length_limit(transcode: Transcode) -> float:
    declared = transcode.seconds
    return MAX_MEDIA_SECONDS if declared is None else min(MAX_MEDIA_SECONDS, 2 * declared + LENGTH_MARGIN)


def _encoded(member: Bundle, graph: _Graph) -> list[str]:
    output = member.first
    flags = "+bitexact+global_header" if member.global_header else "+bitexact"
    argv: list[str] = []
    if output.video is not None:
        picture = graph.pictures.get(output.name)
        argv += ["-map", "0:V:0" if picture is None else f"[{picture}]"]
        argv += encoder_arguments(output.video, output.output.container)
        if not output.video.copied:
            argv += ["-flags:v", flags]
    for index, audio in enumerate(output.audio):
        argv += _sound(audio, index, graph, graph.sounds.get((output.name, index)), flags)
    return [*argv, "-sn", "-dn", "-map_metadata", "-1", "-map_chapters", "-1", "-fflags", "+bitexact"]


def _sound(audio: AudioTask, index: int, graph: _Graph, end: str | None, flags: str) -> list[str]:
    argv = ["-map", f"[{end}]", *_audio(audio, index)] if end is not None else _straight(audio, index, graph)
    if audio.language is not None:
        argv += [f"-metadata:s:a:{index}", f"language={audio.language}"]
    if audio.copied:
        return argv
    return [*argv, f"-flags:a:{index}", flags]


def _straight(audio: AudioTask, index: int, graph: _Graph) -> list[str]:
    """Sound that does not go through the graph."""
    source = next(found for found in audio.sources if found is not None)
    track = f"{graph.input_of(0, source)}:a:{source.tracks[0]}"
    if audio.copied:
        return ["-map", track, f"-c:a:{index}", "copy"]
    # Without the silence that would put its start at the picture's.
    filters = [step.replace(":async=1:first_pts=0", "") for step in (*source.filters, *audio.filters)]
    return ["-map", track, *_audio(audio, index), f"-filter:a:{index}", ",".join(filters)]


def _audio(audio: AudioTask, index: int) -> list[str]:
    settings = audio.settings
    encoder = _AUDIO_ENCODERS.get(settings.codec) or _PCM[(settings.codec, 24 if settings.bit_depth > 16 else 16)]
    argv = [f"-c:a:{index}", encoder]
    if settings.codec == "FLAC":
        argv += [f"-sample_fmt:a:{index}", "s32" if settings.bit_depth > 16 else "s16"]
    if settings.vbr_quality is not None:
        argv += [f"-q:a:{index}", _AAC_QUALITY.get(settings.vbr_quality, settings.vbr_quality)]
    elif settings.codec not in _LOSSLESS:
        argv += [f"-b:a:{index}", str(audio.bitrate)]
    return argv
