// Delivery and site share one origin. Pure.

/** The URL's path and query: the page may have been opened by another name of the same machine. */
export function sameOrigin(url) {
  const { pathname, search } = new URL(url, "https://site.invalid");
  return pathname + search;
}
