// Searching and sorting what is loaded. Pure.

const BY = {
  newest: (a, b) => compare(b.createdAt, a.createdAt),
  oldest: (a, b) => compare(a.createdAt, b.createdAt),
  longest: (a, b) => (b.durationMs ?? 0) - (a.durationMs ?? 0),
  largest: (a, b) => b.size - a.size,
};

export const ORDERS = ["newest", "oldest", "title", "longest", "largest"];

/** The videos whose title or file name has every word of `search`, in the wanted order. */
export function arrange(videos, { search = "", order = "newest", language = "en" }) {
  const words = plain(search).split(/\s+/).filter(Boolean);
  const found = words.length ? videos.filter((video) => hasAll(video, words)) : [...videos];
  if (order !== "title") return found.sort(BY[order] ?? BY.newest);
  const collator = new Intl.Collator(language, { numeric: true, sensitivity: "base" });
  return found.sort((a, b) => collator.compare(a.title, b.title));
}

/** Text as it is searched: without case and accents. */
export function plain(text) {
  return text.normalize("NFD").replace(/\p{Mark}/gu, "").toLowerCase();
}

function hasAll(video, words) {
  const text = plain(`${video.title} ${video.fileName}`);
  return words.every((word) => text.includes(word));
}

const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
