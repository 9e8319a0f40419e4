// Choosing files: by the picker whose files can be opened again after a reload, where the browser has it.
import { h } from "../dom.js";
import { t } from "../text/language.js";
import { EXTENSIONS } from "./kinds.js";

const ACCEPT = ["video/*", ...EXTENSIONS].join(",");

/** Calls `take([{ file, handle }], { quietly })` with what the person chose, if anything. */
export async function chooseFiles(take) {
  const chosen = await pick({ multiple: true });
  if (chosen.length) take(chosen, {});
}

/** One file, or null. */
export async function chooseOne() {
  return (await pick({ multiple: false }))[0] ?? null;
}

/** Whether this browser lets a person choose a folder at all: some phones' do not. */
export const canChooseFolder = () => "showDirectoryPicker" in window || "webkitdirectory" in HTMLInputElement.prototype;

/** All videos of a folder; other files in it are left out quietly. */
export async function chooseFolder(take) {
  const chosen = "showDirectoryPicker" in window ? await pickDirectory() : await pickByInput({ webkitdirectory: true });
  if (chosen.length) take(chosen, { quietly: true });
}

async function pick({ multiple }) {
  if (!("showOpenFilePicker" in window)) return pickByInput({ multiple, accept: ACCEPT });
  try {
    const types = [{ description: t("upload.videos"), accept: { "video/*": EXTENSIONS } }];
    const handles = await window.showOpenFilePicker({ multiple, types });
    return await Promise.all(handles.map(async (handle) => ({ file: await handle.getFile(), handle })));
  } catch {
    // The person changed their mind.
    return [];
  }
}

async function pickDirectory() {
  try {
    return await filesBelow(await window.showDirectoryPicker());
  } catch {
    return [];
  }
}

/** Every file below a directory handle. */
export async function filesBelow(directory) {
  const found = [];
  for await (const handle of directory.values()) {
    if (handle.kind === "directory") found.push(...(await filesBelow(handle)));
    else found.push({ file: await handle.getFile(), handle });
  }
  return found;
}

function pickByInput(attributes) {
  return new Promise((resolve) => {
    const input = h("input", { type: "file", hidden: true, ...attributes });
    input.addEventListener("change", () => {
      resolve([...input.files].map((file) => ({ file, handle: null })));
      input.remove();
    });
    input.addEventListener("cancel", () => {
      resolve([]);
      input.remove();
    });
    document.body.append(input);
    input.click();
  });
}
