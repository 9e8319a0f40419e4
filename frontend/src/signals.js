// Abort signals that depend on others. `AbortSignal.any` would do, but Safari has it since 17.4 and Chrome since 116 only.

/** A controller that is aborted with `parent` too; `release()` lets go of the parent, once all is done. */
export function childOf(parent) {
  const controller = new AbortController();
  const follow = () => controller.abort(parent.reason);
  if (parent?.aborted) follow();
  else parent?.addEventListener("abort", follow, { once: true });
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    release: () => parent?.removeEventListener("abort", follow),
  };
}
