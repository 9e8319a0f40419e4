// Addresses within the page. Pure.

/** `{ screen, videoId }` of an address such as "#/watch/abc"; whatever it does not know is the library. */
export function parseRoute(hash) {
  const [screen, ...rest] = hash.replace(/^#\//, "").split("/");
  if (screen === "watch" && /^[\w-]+$/.test(rest[0] ?? "")) return { screen, videoId: rest[0] };
  return { screen: screen === "account" ? screen : "videos", videoId: null };
}

export const watchRoute = (videoId) => `#/watch/${encodeURIComponent(videoId)}`;
