// What a new authenticator needs: the QR code, the secret to type, and a link for the phone that shows this page.
import { h, svg } from "../dom.js";
import { icon } from "../icons.js";
import { formatSecret } from "../text/format.js";
import { t } from "../text/language.js";
import { notify } from "../widgets/notice.js";
import { otpauthUri } from "./otpauth.js";

// ISO/IEC 18004: four modules of quiet around the symbol.
const QUIET_MODULES = 4;

/** The numbered steps up to the first code, which `form` asks for. */
export async function authenticatorSteps(secret, email, form) {
  const uri = otpauthUri(secret, email);
  const picture = await qrCode(uri);
  // A phone cannot photograph itself: there the authenticator is opened, and the picture is for another device.
  const adding = matchMedia("(pointer: coarse)").matches ? onThePhone(uri, picture, secret) : byCamera(picture, secret);
  return h("ol", { class: "enrol-steps" }, h("li", {}, h("p", {}, t("enrol.install"))), h("li", {}, adding), h("li", {}, h("p", {}, t("enrol.code")), form));
}

const byCamera = (picture, secret) => [
  h("p", {}, t("enrol.scan")),
  picture,
  h("details", {}, h("summary", {}, t("enrol.cannotScan")), h("p", {}, t("enrol.type")), secretLine(secret)),
];

const onThePhone = (uri, picture, secret) => [
  h("p", {}, t("enrol.tap")),
  h("a", { class: "button wide", href: uri }, icon("shield"), t("enrol.openApp")),
  h(
    "details",
    {},
    h("summary", {}, t("enrol.didNotOpen")),
    h("p", {}, t("enrol.type")),
    secretLine(secret),
    h("p", {}, t("enrol.scanFromOther")),
    picture,
  ),
];

function secretLine(secret) {
  const copy = h("button", { type: "button", class: "button small" }, icon("copy"), t("enrol.copy"));
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(secret);
    notify(t("enrol.copied"));
  });
  return h("div", { class: "secret" }, h("code", { "data-secret": secret }, formatSecret(secret)), copy);
}

async function qrCode(text) {
  const { encode } = await import("uqr");
  const { data, size } = encode(text, { border: QUIET_MODULES, ecc: "M" });
  const dark = data.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : [])));
  return svg(
    "svg",
    { class: "qr", viewBox: `0 0 ${size} ${size}`, role: "img", "aria-label": t("enrol.qr"), "shape-rendering": "crispEdges" },
    svg("rect", { width: size, height: size, fill: "#fff" }),
    svg("path", { d: dark.join(""), fill: "#000" }),
  );
}
