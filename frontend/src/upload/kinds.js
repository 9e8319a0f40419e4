// Which files can be videos: by their name, by what the browser says, and by their first bytes. Pure.

const MIB = 1024 * 1024;
// S3's largest object: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
export const MAX_FILE_BYTES = 5 * 1024 * 1024 * MIB;

/** Bytes of a file's beginning that `looksLikeNoVideo` wants. */
export const SNIFFED_BYTES = 16;

// What browsers often have no type for. Anything else goes up as what the browser calls it.
const TYPES = {
  "3gp": "video/3gpp",
  "3g2": "video/3gpp2",
  asf: "video/x-ms-asf",
  avi: "video/x-msvideo",
  dv: "video/dv",
  f4v: "video/mp4",
  flv: "video/x-flv",
  m1v: "video/mpeg",
  m2ts: "video/mp2t",
  m2v: "video/mpeg",
  m4v: "video/x-m4v",
  mkv: "video/x-matroska",
  mov: "video/quicktime",
  mp4: "video/mp4",
  mpeg: "video/mpeg",
  mpg: "video/mpeg",
  mts: "video/mp2t",
  mxf: "application/mxf",
  ogm: "video/ogg",
  ogv: "video/ogg",
  qt: "video/quicktime",
  ts: "video/mp2t",
  vob: "video/mpeg",
  webm: "video/webm",
  wmv: "video/x-ms-wmv",
};

export const EXTENSIONS = Object.keys(TYPES).map((extension) => `.${extension}`);

/** The content type that a file goes up as, or null when neither name nor browser call it a video. */
export function contentTypeOf(name, browserType) {
  if (/^video\/[\w.+-]+$/i.test(browserType) || browserType === "application/mxf") return browserType.toLowerCase();
  const extension = /\.([a-z0-9]+)$/i.exec(name)?.[1].toLowerCase();
  return TYPES[extension] ?? null;
}

// First bytes of what is often taken for a video, or renamed to one. "." stands for any byte.
const SIGNATURES = [
  "25504446", // PDF
  "504b0304", // ZIP, and with it documents of office programs
  "52617221", // RAR
  "377abcaf271c", // 7-Zip
  "1f8b", // gzip
  "89504e47", // PNG
  "ffd8ff", // JPEG
  "47494638", // GIF
  "49492a00", // TIFF
  "4d4d002a",
  "52494646........57454250", // WebP
  "52494646........57415645", // WAV
  "494433", // MP3 with tags
  "664c6143", // FLAC
  "7f454c46", // ELF
  "4d5a", // Windows programs
  "d0cf11e0", // older office documents
  "3c21444f43", // HTML
  "3c68746d6c",
];

/** Whether a file's first bytes are surely those of something else. What is not known may be a video. */
export function looksLikeNoVideo(head) {
  const hex = Array.from(head, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return SIGNATURES.some((signature) => new RegExp(`^${signature}`, "i").test(hex));
}

/** Why a file is not sent, as a key of the catalog; null when it may be a video. */
export function refusalOf({ name, type, size }, head) {
  if (size === 0) return "refusal.empty";
  if (size > MAX_FILE_BYTES) return "refusal.tooLarge";
  if (!contentTypeOf(name, type) || looksLikeNoVideo(head)) return "refusal.notAVideo";
  return null;
}
