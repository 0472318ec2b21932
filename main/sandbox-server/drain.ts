import type { Readable } from 'node:stream'

/** Milliseconds: how often, and how long at most, pipes are looked at while processes in the background hold them open. */
const drainStep = 3
const drainFor = 60

/**
 * Resolves when all that an ended process wrote has been read from its pipes. `total` counts what was read. A child in
 * the background may keep the pipes open for hours: what is in them now is read, then it is the end.
 */
export async function drained(streams: readonly (Readable | null)[], total: () => number): Promise<void> {
  const until = performance.now() + drainFor
  const open = streams.filter((each) => each !== null && !each.destroyed && !each.readableEnded)
  // A reader that was slow for its own reader's sake has nobody to wait for any more.
  for (const each of open) each?.resume()
  const closed = Promise.all(open.map((each) => new Promise((resolve) => each?.once('close', resolve))))
  let seen = -1
  for (;;) {
    const step = Promise.withResolvers<'more'>()
    const timer = setTimeout(() => step.resolve('more'), drainStep)
    const last = await Promise.race([closed, step.promise])
    clearTimeout(timer)
    // On a busy machine several of these timers come due at once: that nothing new came counts only if somebody looked.
    if (last === 'more') await polled()
    const now = total()
    if (last !== 'more' || now === seen || performance.now() > until) return
    seen = now
  }
}

/** Resolves once the event loop has been through its pipes: `setImmediate` runs right after they were polled. */
function polled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
