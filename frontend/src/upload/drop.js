// Files and folders dropped anywhere on the page.
import { h } from "../dom.js";
import { icon } from "../icons.js";
import { t } from "../text/language.js";
import { notify } from "../widgets/notice.js";
import { filesBelow } from "./pick.js";

/** Calls `take([{ file, handle }], { quietly })` for each drop on `target` until `signal` ends. */
export function acceptDrops(target, take, signal) {
  let curtain = null;
  // "dragleave" of the page comes before "dragenter" of a child: counted, they cancel out.
  let depth = 0;

  const lower = () => {
    depth = 0;
    curtain?.remove();
    curtain = null;
  };
  const on = (type, listener) => target.addEventListener(type, (event) => hasFiles(event) && listener(event), { signal });

  on("dragenter", (event) => {
    event.preventDefault();
    depth += 1;
    if (!curtain) {
      curtain = h("div", { class: "curtain" }, h("div", { class: "curtain-text" }, icon("upload"), h("p", {}, t("upload.drop"))));
      document.body.append(curtain);
    }
  });
  on("dragover", (event) => {
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
  });
  on("dragleave", () => {
    depth -= 1;
    if (depth <= 0) lower();
  });
  on("drop", async (event) => {
    event.preventDefault();
    lower();
    const { chosen, hadFolder, isWhole } = await contents(event.dataTransfer);
    if (!isWhole) notify(t("refusal.unreadable"), "problem");
    if (chosen.length || (hadFolder && isWhole)) take(chosen, { quietly: hadFolder });
  });
  signal.addEventListener("abort", lower);
}

const hasFiles = (event) => event.dataTransfer?.types.includes("Files");

async function contents(transfer) {
  // Items are gone after the first await: everything is asked for at once.
  const items = [...transfer.items].filter(({ kind }) => kind === "file");
  const asked = items.map((item) => ({
    handle: item.getAsFileSystemHandle?.(),
    entry: item.webkitGetAsEntry?.(),
    file: item.getAsFile(),
  }));
  const all = await Promise.allSettled(asked.map(contentOf));
  const read = all.filter(({ status }) => status === "fulfilled").map(({ value }) => value);
  return { chosen: read.flatMap(({ chosen }) => chosen), hadFolder: read.some(({ isFolder }) => isFolder), isWhole: read.length === all.length };
}

async function contentOf({ handle: promised, entry, file }) {
  const handle = await promised?.catch(() => null);
  if (handle?.kind === "directory") return { isFolder: true, chosen: await filesBelow(handle) };
  if (handle) return { isFolder: false, chosen: [{ file: await handle.getFile(), handle }] };
  if (entry?.isDirectory) return { isFolder: true, chosen: await filesOfEntry(entry) };
  return { isFolder: false, chosen: file ? [{ file, handle: null }] : [] };
}

async function filesOfEntry(directory) {
  const reader = directory.createReader();
  const found = [];
  for (;;) {
    // A reader gives a part of the folder at a time, and nothing at its end.
    const entries = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!entries.length) return found;
    for (const entry of entries) {
      if (entry.isDirectory) found.push(...(await filesOfEntry(entry)));
      else found.push({ file: await new Promise((resolve, reject) => entry.file(resolve, reject)), handle: null });
    }
  }
}
