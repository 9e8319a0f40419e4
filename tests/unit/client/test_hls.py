import pytest

from devstack.contract import hls

MASTER = """#EXTM3U
#EXT-X-VERSION:3
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-STREAM-INF:BANDWIDTH=900000,AVERAGE-BANDWIDTH=800000,CODECS="avc1.4d401e,mp4a.40.2",RESOLUTION=640x360
video_360p.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=500000,RESOLUTION=426x240
sub/video_240p.m3u8
"""
MEDIA = """#EXTM3U
#EXT-X-TARGETDURATION:6
#EXTINF:6.000,
video_360p_00001.ts
#EXTINF:1.5,a title
video_360p_00002.ts
#EXT-X-ENDLIST
"""
URL = "https://site/media/o/v/1/hls/video.m3u8"


def test_variants_are_read_with_quoted_commas_and_relative_addresses():
    assert hls.parse_master(MASTER, URL) == (
        hls.Variant("https://site/media/o/v/1/hls/video_360p.m3u8", 900_000, 640, 360, "avc1.4d401e,mp4a.40.2"),
        hls.Variant("https://site/media/o/v/1/hls/sub/video_240p.m3u8", 500_000, 426, 240, ""),
    )


def test_segments_are_read_with_their_durations():
    assert hls.parse_media(MEDIA, URL) == (
        hls.Segment("https://site/media/o/v/1/hls/video_360p_00001.ts", 6.0),
        hls.Segment("https://site/media/o/v/1/hls/video_360p_00002.ts", 1.5),
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<html>",
        "#EXTM3U\n",
        "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nno-size.m3u8\n",
        "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=many,RESOLUTION=1x1\nx.m3u8\n",
    ],
)
def test_what_is_no_master_playlist_is_refused(text):
    with pytest.raises(hls.PlaylistError):
        hls.parse_master(text, URL)


@pytest.mark.parametrize(
    "text",
    [
        "#EXTM3U\n#EXT-X-ENDLIST\n",
        "#EXTM3U\n#EXTINF:6,\na.ts\n",
        "#EXTM3U\na.ts\n#EXT-X-ENDLIST\n",
        "#EXTM3U\n#EXTINF:long,\na.ts\n#EXT-X-ENDLIST\n",
    ],
)
def test_what_is_no_complete_media_playlist_is_refused(text):
    with pytest.raises(hls.PlaylistError):
        hls.parse_media(text, URL)
