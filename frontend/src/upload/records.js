// What is known of unfinished uploads, kept by the browser over reloads. Never a URL: those are secrets for an hour.
import { createStore, del, set, values } from "idb-keyval";

let store = null;
const uploads = () => (store ??= createStore("sstech-video-uploads", "uploads"));

/** All of `owner`'s, oldest first; none where the browser keeps nothing. */
export async function readRecords(owner) {
  try {
    const all = await values(uploads());
    return all.filter((record) => record.owner === owner).sort((a, b) => a.addedAt - b.addedAt);
  } catch {
    return [];
  }
}

export async function saveRecord(record) {
  try {
    await set(record.id, record, uploads());
  } catch {
    // Private windows: the upload goes on, but does not outlive the page.
  }
}

export async function deleteRecord(id) {
  try {
    await del(id, uploads());
  } catch {
    // Nothing was kept.
  }
}
