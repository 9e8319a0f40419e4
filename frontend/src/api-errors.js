// Which sentence of the catalog belongs to an error of the API, and to a failed video. Pure.

const API_CODES = {
  invalid_request: "refused",
  unauthorized: "sessionEnded",
  forbidden: "refused",
  not_found: "videoGone",
  wrong_state: "wrongState",
  body_too_large: "refused",
  unsupported_media_type: "notAVideo",
  quota_exceeded: "quota",
  too_many_requests: "busy",
  internal_error: "serverTrouble",
  unavailable: "busy",
  no_connection: "noConnection",
};

const FAILURE_CODES = [
  "size_mismatch",
  "no_video",
  "unsupported_format",
  "damaged_file",
  "source_unreadable",
  "conversion_rejected",
  "conversion_canceled",
  "conversion_failed",
  "output_missing",
  "upload_abandoned",
  "conversion_timed_out",
  "cost_limit",
];

/** Key of the sentence for anything that a call of the API threw. */
export function apiErrorKey(error) {
  if (error?.name === "SessionEndedError") return "error.api.sessionEnded";
  return `error.api.${API_CODES[error?.code] ?? "serverTrouble"}`;
}

/** Key of the sentence for a failed video's `error`. */
export function failureKey(failure) {
  return `failure.${FAILURE_CODES.includes(failure?.code) ? failure.code : "conversion_failed"}`;
}

export const KNOWN_API_CODES = Object.keys(API_CODES);
export const KNOWN_FAILURE_CODES = FAILURE_CODES;
