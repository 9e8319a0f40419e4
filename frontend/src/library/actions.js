// What can be done with a video, from its card and from its own screen.
import { apiErrorKey } from "../api-errors.js";
import { icon } from "../icons.js";
import { t } from "../text/language.js";
import { ask } from "../widgets/dialog.js";
import { textField } from "../widgets/form.js";
import { notify } from "../widgets/notice.js";

const LONGEST_TITLE = 1000;
const explain = (error) => t(apiErrorKey(error));

/** Actions for a menu. `afterDelete` is called once the video is gone. */
export function videoActions(video, { collection, queue, afterDelete = () => {} }) {
  const retry = { name: "retry", label: t("action.retry"), icon: icon("retry"), act: () => retryVideo(video, collection) };
  return [
    { name: "rename", label: t("action.rename"), icon: icon("edit"), act: () => renameVideo(video, collection) },
    ...(video.status === "failed" ? [retry] : []),
    {
      name: "delete",
      label: t("action.delete"),
      icon: icon("trash"),
      danger: true,
      act: async () => (await deleteVideo(video, collection, queue)) && afterDelete(),
    },
  ];
}

export function renameVideo(video, collection) {
  const field = textField({ name: "title", label: t("field.title"), value: video.title, maxlength: LONGEST_TITLE, required: true, autocomplete: "off" });
  return ask({
    name: "rename",
    title: t("rename.title"),
    content: [field],
    confirm: t("rename.submit"),
    act: async ({ title }) => {
      const wrong = field.check();
      if (wrong) throw new WrongTitleError(wrong);
      await collection.rename(video.videoId, title.trim());
      notify(t("rename.done"));
    },
    explain: (error) => (error instanceof WrongTitleError ? error.message : explain(error)),
  });
}

class WrongTitleError extends Error {}

export function deleteVideo(video, collection, queue) {
  return ask({
    name: "delete",
    title: t("delete.title"),
    text: t("delete.text", { title: video.title }),
    confirm: t("delete.submit"),
    danger: true,
    act: async () => {
      await queue.forgetVideo(video.videoId);
      await collection.delete(video.videoId);
      notify(t("delete.done", { title: video.title }));
    },
    explain,
  });
}

async function retryVideo(video, collection) {
  try {
    await collection.retry(video.videoId);
    notify(t("retry.done"));
  } catch (error) {
    notify(explain(error), "problem");
  }
}
