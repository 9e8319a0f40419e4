// The address by which an authenticator learns an account. Pure.
// https://github.com/google/google-authenticator/wiki/Key-Uri-Format

const ISSUER = "SStech Video";

export function otpauthUri(secret, email) {
  const label = `${encodeURIComponent(ISSUER)}:${encodeURIComponent(email)}`;
  return `otpauth://totp/${label}?secret=${secret}&issuer=${encodeURIComponent(ISSUER)}`;
}
