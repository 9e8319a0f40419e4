// What the deployment wrote for the page: which user pool, which app client.

/** `{ Stage, Region, UserPoolId, UserPoolClientId }`. Throws when the site was not deployed whole. */
export async function readConfiguration() {
  const response = await fetch("/config.json", { cache: "no-cache" });
  if (!response.ok) throw new Error(`config.json: ${response.status}`);
  const configuration = await response.json();
  for (const name of ["UserPoolId", "UserPoolClientId"]) {
    if (typeof configuration[name] !== "string") throw new Error(`config.json has no ${name}`);
  }
  return configuration;
}
