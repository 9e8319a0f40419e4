// What has become of an upload, told by its video. Pure.

// The reconciler's word for an upload that nobody went on with (services/functions/sstech_video/failures.py).
const GIVEN_UP = "upload_abandoned";

/**
 * "open" while bytes may still come, "whole" once all of them have arrived, "gone" when they were given up.
 * A video that failed later on was whole: its card says what is wrong with it.
 */
export function standingOf({ status, error }) {
  if (status === "uploading") return "open";
  return status === "failed" && error?.code === GIVEN_UP ? "gone" : "whole";
}
