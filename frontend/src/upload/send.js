// One PUT to S3. XMLHttpRequest, because fetch tells nothing about how much has been sent.

const NO_ANSWER = 0;
// A connection that moves nothing for so long is lost, whatever the browser believes.
const SILENT_MILLISECONDS = 60_000;

// S3's words for what the same request may well get through later, under statuses that otherwise mean no:
// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
const PASSING_CODES = new Set(["RequestTimeout", "ConditionalRequestConflict", "OperationAborted", "SlowDown", "InternalError"]);

/** S3 did not take it; `status` is HTTP's, 0 when nothing answered, `code` S3's own word, "" where it said none. */
export class SendError extends Error {
  name = "SendError";

  constructor(status, code = "") {
    super(`S3 answered ${status} ${code}`.trim());
    this.status = status;
    this.code = code;
  }

  get isPassing() {
    return this.status === NO_ANSWER || this.status === 408 || this.status === 429 || this.status >= 500 || PASSING_CODES.has(this.code);
  }

  /** The URL is no longer good: it ended, or its clock ran differently. */
  get isExpired() {
    return this.status === 403;
  }

  /** `If-None-Match: *` and there is an object: an attempt whose answer was lost did arrive. */
  get isThere() {
    return this.status === 412;
  }

  /** The upload that this part belongs to is completed, or aborted. */
  get isOver() {
    return this.code === "NoSuchUpload";
  }
}

/** S3's code in the XML of an error, or "". */
export function codeIn(answer) {
  return /<Code>(\w+)<\/Code>/.exec(answer)?.[1] ?? "";
}

/** Sends `body`; answers its ETag (null when the bucket does not show it). Throws SendError. */
export function put(url, body, { headers = {}, onProgress = () => {}, signal }) {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const request = new XMLHttpRequest();
    let silence = setTimeout(() => request.abort(), SILENT_MILLISECONDS);
    const stop = () => request.abort();
    const end = (act) => {
      clearTimeout(silence);
      signal.removeEventListener("abort", stop);
      act();
    };
    request.open("PUT", url);
    for (const [name, value] of Object.entries(headers)) {
      // The browser sets these itself, from the body.
      if (!/^(content-length|host)$/i.test(name)) request.setRequestHeader(name, value);
    }
    request.upload.addEventListener("progress", ({ loaded }) => {
      clearTimeout(silence);
      silence = setTimeout(() => request.abort(), SILENT_MILLISECONDS);
      onProgress(loaded);
    });
    request.addEventListener("load", () =>
      end(() => {
        if (request.status >= 200 && request.status < 300) resolve(request.getResponseHeader("ETag"));
        else reject(new SendError(request.status, codeIn(request.responseText)));
      }),
    );
    request.addEventListener("error", () => end(() => reject(new SendError(NO_ANSWER))));
    request.addEventListener("abort", () => end(() => reject(signal.aborted ? signal.reason : new SendError(NO_ANSWER))));
    signal.addEventListener("abort", stop, { once: true });
    request.send(body);
  });
}
