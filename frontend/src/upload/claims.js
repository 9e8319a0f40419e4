// Whose a video is, among uploads of the same file. Pure.

/**
 * Whether `videoId`, a video of `own`'s name and size, may be another upload's among `records`: it is told to be, or
 * that one has none yet and may be about to hear of this one.
 */
export function mayBeOthers(videoId, own, records) {
  return records.some(
    ({ id, name, size, videoId: theirs }) => id !== own.id && name === own.name && size === own.size && (!theirs || theirs === videoId),
  );
}
