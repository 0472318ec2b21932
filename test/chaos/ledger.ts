/** A hold as the client knows it. `unknown`: a call about it got no answer, or a destroy went on beside it. */
export interface Hold {
  state: 'held' | 'free' | 'unknown'
  /** Monotonic ms of the answer that said so. */
  since: number
  /** The container that the answer named. */
  container: string | null
  /** Where it answered. */
  url: string | null
  begun: number
  calling: boolean
}

/** One file that one client writes: what was acknowledged must be in it, and nothing that was never sent. */
export interface Written {
  readonly path: string
  readonly acked: Set<string>
  readonly sent: Set<string>
  /** Whole content of a file that is replaced; null: lines are added. */
  whole: { acked: string | null; later: Set<string> } | null
}

interface ThreadPage {
  readonly holds: Map<string, Hold>
  destroying: number
  destroyed: number
  readonly files: Map<string, Written>
}

export interface Stray {
  readonly id: string
  readonly holder: string
  readonly container: string | null
  readonly since: number
  readonly files: Map<string, Written>
  releasing: boolean
}

/** What clients were told, and so what must hold after any crash. */
export interface Ledger {
  readonly threads: ReadonlyMap<string, ThreadPage>
  /** Anonymous sandboxes by id. */
  readonly strays: Map<string, Stray>
  hold(thread: string, holder: string): Hold
  acquiring(thread: string, holder: string): void
  acquired(thread: string, holder: string, got: { container: string | null; url: string | null }): void
  releasing(thread: string, holder: string): void
  released(thread: string, holder: string): void
  /** A call about this hold failed. */
  doubted(thread: string, holder: string): void
  destroying(thread: string): number
  destroyed(thread: string, begun: number): void
  /** Whether anybody's destroy may explain what happens to this thread. */
  disturbed(thread: string, since: number): boolean
  /** After a kill: no call is under way any more. */
  allCallsEnded(): void
  now(): number
}

export function makeLedger(threads: readonly string[], holders: readonly string[]): Ledger {
  let order = 0
  const blank = (): Hold => ({ state: 'free', since: 0, container: null, url: null, begun: 0, calling: false })
  const pages = new Map<string, ThreadPage>(
    threads.map((thread) => [thread, { holds: new Map(holders.map((holder) => [holder, blank()])), destroying: 0, destroyed: 0, files: new Map() }]),
  )
  const page = (thread: string): ThreadPage => {
    const found = pages.get(thread)
    if (!found) throw new Error(`no thread ${thread}`)
    return found
  }
  const hold = (thread: string, holder: string): Hold => {
    const found = page(thread).holds.get(holder)
    if (!found) throw new Error(`no holder ${holder}`)
    return found
  }
  const begin = (it: Hold) => Object.assign(it, { state: 'unknown', begun: ++order, calling: true } satisfies Partial<Hold>)
  const end = (it: Hold, state: Hold['state'], more: Partial<Hold> = {}) => Object.assign(it, { ...more, state, since: performance.now(), calling: false })
  return {
    threads: pages,
    strays: new Map(),
    hold,
    acquiring: (thread, holder) => void begin(hold(thread, holder)),
    acquired(thread, holder, { container, url }) {
      const it = hold(thread, holder)
      const { destroying, destroyed } = page(thread)
      end(it, destroying > 0 || destroyed > it.begun ? 'unknown' : 'held', { container, url })
    },
    releasing: (thread, holder) => void begin(hold(thread, holder)),
    released: (thread, holder) => void end(hold(thread, holder), 'free'),
    doubted: (thread, holder) => void end(hold(thread, holder), 'unknown'),
    destroying(thread) {
      const it = page(thread)
      it.destroying += 1
      for (const one of it.holds.values()) if (one.state === 'held') one.state = 'unknown'
      return ++order
    },
    destroyed(thread, begun) {
      const it = page(thread)
      it.destroying -= 1
      it.destroyed = ++order
      for (const one of it.holds.values()) if (!one.calling && one.begun < begun) end(one, 'free')
    },
    disturbed: (thread, since) => page(thread).destroying > 0 || page(thread).destroyed > since,
    allCallsEnded() {
      for (const it of pages.values()) {
        if (it.destroying > 0) it.destroyed = ++order
        it.destroying = 0
        for (const one of it.holds.values()) if (one.calling) Object.assign(one, { state: 'unknown', calling: false })
      }
    },
    now: () => order,
  }
}

/** What a file's text says against the record of it. */
export function judgeFile(written: Written, text: string): string[] {
  const { path, acked, sent, whole } = written
  if (whole) {
    if (whole.acked === null || text === whole.acked || whole.later.has(text)) return []
    return [`${path}: holds ${JSON.stringify(text.slice(0, 80))}, acknowledged was ${JSON.stringify(whole.acked)}`]
  }
  const lines = text.split('\n').filter((line) => line !== '')
  const there = new Set(lines)
  const problems: string[] = []
  for (const line of acked) if (!there.has(line)) problems.push(`${path}: the acknowledged line ${line} is lost`)
  for (const line of there) if (!sent.has(line)) problems.push(`${path}: ${JSON.stringify(line.slice(0, 80))} was never written`)
  if (there.size < lines.length) problems.push(`${path}: ${lines.length - there.size} lines are there twice`)
  return problems
}
