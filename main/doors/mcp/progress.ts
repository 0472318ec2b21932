import type { ServerContext } from '@modelcontextprotocol/server'

/** Tells a client how a long call goes on. */
export interface Progress {
  /** Whether the client wants to know. */
  readonly wanted: boolean
  /** Said as soon as the last one is half a second old; of several in that time the newest text wins. */
  say(text: string): void
  /** Output of a command: what comes within half a second is told together, its last lines only. */
  output(data: string): void
  close(): void
}

/** Milliseconds between two notifications: a busy command must not flood its client. */
const pause = 500
/** Silence after which one is sent all the same: clients count their time-out from the last one. */
const silence = 5000
/** Characters of output in one notification. */
const tail = 2000

/**
 * `notifications/progress` for one tool call, sent on the call's own stream. `progress` is the seconds that it runs, as it must
 * rise and nobody knows how much is left. A notification that cannot be sent is dropped: the call's signal tells that the client is gone.
 */
export function progressOf(context: ServerContext): Progress {
  const token = context.mcpReq._meta?.progressToken
  if (token === undefined) return { wanted: false, say: () => undefined, output: () => undefined, close: () => undefined }
  const start = performance.now()
  // The first one goes out at once: that a cold start has begun is worth knowing.
  let last = start - pause
  let text = ''
  let news = ''
  let sending = false

  async function send(now: number): Promise<void> {
    last = now
    const seconds = Math.round((now - start) / 100) / 10
    const message = news === '' ? `${text || 'still running'} (${seconds} s)` : news
    text = ''
    news = ''
    sending = true
    await context.mcpReq
      .notify({ method: 'notifications/progress', params: { progressToken: token as string | number, progress: (now - start) / 1000, message } })
      .catch(() => undefined)
    sending = false
  }

  function look(): void {
    const now = performance.now()
    const due = text === '' && news === '' ? silence : pause
    if (!sending && now - last >= due) void send(now)
  }

  const timer = setInterval(look, pause / 5)

  return {
    wanted: true,
    say: (what) => {
      text = what
      look()
    },
    output: (data) => {
      news = (news + data).slice(-tail)
      look()
    },
    close: () => clearInterval(timer),
  }
}
