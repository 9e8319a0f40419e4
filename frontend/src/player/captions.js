// Captions of an adaptive stream, as text tracks of the <video>. The tracks that hls.js would make by itself begin with
// a `data:` URL, which the page's policy does not load.

/** Shows `hls`'s captions as tracks of `video`, and loads those that are chosen there. `Events` are hls.js's names. */
export function carryCaptions(hls, Events, video, signal) {
  const tracks = new Map();

  hls.on(Events.NON_NATIVE_TEXT_TRACKS_FOUND, (_, { tracks: found }) => {
    for (const { _id, label, subtitleTrack } of found) {
      const key = subtitleTrack ? keyOf(subtitleTrack) : _id;
      if (tracks.has(key)) continue;
      const track = video.addTextTrack(subtitleTrack ? "subtitles" : "captions", label, subtitleTrack?.lang ?? "");
      track.mode = "disabled";
      tracks.set(key, track);
    }
  });
  hls.on(Events.CUES_PARSED, (_, { cues, track, subtitleTrack }) => {
    const target = tracks.get(subtitleTrack ? keyOf(subtitleTrack) : track);
    for (const cue of cues) target?.addCue(cue);
  });
  hls.on(Events.DESTROYING, () => {
    for (const track of tracks.values()) track.mode = "disabled";
  });
  video.textTracks.addEventListener("change", choose, { signal });

  function choose() {
    const wanted = [...tracks].find(([, { mode }]) => mode === "showing")?.[0];
    const index = hls.subtitleTracks.findIndex((each) => keyOf(each) === wanted);
    if (hls.subtitleTrack !== index) hls.subtitleTrack = index;
  }
}

// The same captions stand in a playlist once for each group of renditions.
const keyOf = ({ lang = "", name }) => `${lang}/${name}`;
