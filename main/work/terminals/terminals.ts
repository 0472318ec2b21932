import { asBerthError, fail } from '../../../shared/errors.ts'
import { listeners } from '../../../shared/listeners.ts'
import type { Selection } from '../../../shared/select.ts'
import type { Terminal } from '../../../shared/terminal.ts'
import type { Clock } from '../../base/clock.ts'
import type { Events } from '../../house/events/events.ts'
import type { Provider } from '../../core/provider-api.ts'
import type { TopicHandler } from '../../base/topic-handlers.ts'
import { terminalSession, type TerminalSession } from './terminal-session.ts'
import { backendKinds } from '../../../shared/backends.ts'

/** The terminals of people at screens: they live in the engine, several a sandbox, and go on while nobody looks. */
export interface Terminals {
  open(selection: Selection, size: { cols: number; rows: number }, who: string): Promise<Terminal>
  /** Ends it and what runs in it; one that has ended is put away. False: there is none. */
  shut(id: string, who: string): Promise<boolean>
  of(sandbox: string): readonly Terminal[]
  readonly onChange: (listener: (sandbox: string) => void) => () => void
  readonly topic: TopicHandler<'terminal'>
  close(): void
}

/** Of one sandbox, at once; and those that have ended, kept for their last words. */
const mostEach = 16

export function openTerminals(deps: {
  provider: Pick<Provider, 'get' | 'enter' | 'peek' | 'onChange'>
  clock: Clock
  events: Pick<Events, 'publish'>
}): Terminals {
  const { provider, clock, events } = deps
  const sessions = new Map<string, TerminalSession>()
  const { tell: changed, on: onChange } = listeners<[sandbox: string]>()
  const all = () => [...sessions.values()].map((session) => session.now())
  const closing = new AbortController()
  const ended = (sandbox: string) => all().filter((it) => it.sandbox === sandbox && it.ended !== null)
  const unlisten = provider.onChange((sandbox) => {
    // With its sandbox an ended one is of no use to anybody.
    if (sandbox !== null && provider.peek(sandbox) === null) for (const { id } of ended(sandbox)) sessions.delete(id)
  })

  /** The lowest number that none has. */
  function titleFor(sandbox: string): string {
    const taken = new Set(
      all()
        .filter((it) => it.sandbox === sandbox)
        .map((it) => it.title),
    )
    let n = 1
    while (taken.has(`Terminal ${n}`)) n += 1
    return `Terminal ${n}`
  }

  return {
    async open(selection, { cols, rows }, who) {
      const { id: sandbox, backend } = provider.get(selection)
      if (!backendKinds[backend].local) {
        throw fail('NOT_SUPPORTED', 'Terminals of sandboxes on a provisioner are not offered', { next: 'Use the terminal of the place where it runs.' })
      }
      if (all().filter((it) => it.sandbox === sandbox && it.ended === null).length >= mostEach) {
        throw fail('BAD_INPUT', `There are ${mostEach} terminals in this sandbox already`, { next: 'Close one of them.' })
      }
      const visit = await provider.enter(sandbox, { counts: true, signal: closing.signal })
      // From now on only what a person types counts.
      visit.streaming()
      const session = terminalSession({
        sandbox,
        title: titleFor(sandbox),
        thread: keyOf(provider, sandbox).thread ?? '',
        cols,
        rows,
        visit,
        clock,
        onChange: () => changed(sandbox),
        onEnded: () => {
          const old = provider.peek(sandbox) === null ? ended(sandbox) : ended(sandbox).slice(0, -mostEach)
          for (const { id } of old) sessions.delete(id)
        },
      })
      const made = session.now()
      sessions.set(made.id, session)
      changed(sandbox)
      events.publish({ type: 'terminal.opened', who, sandbox, ...keyOf(provider, sandbox), text: `${made.title} was opened` })
      return made
    },
    async shut(id, who) {
      const session = sessions.get(id)
      if (!session) return false
      const { sandbox, title, ended: before } = session.now()
      sessions.delete(id)
      const shell = session.shell()
      session.end('It was closed')
      changed(sandbox)
      if (before !== null) return true
      events.publish({ type: 'terminal.closed', who, sandbox, ...keyOf(provider, sandbox), text: `${title} was closed` })
      if (shell !== null) await endShell(sandbox, shell)
      return true
    },
    of: (sandbox) => all().filter((it) => it.sandbox === sandbox),
    onChange,
    topic({ terminal }, sink) {
      const session = sessions.get(terminal)
      if (!session) throw fail('SANDBOX_NOT_FOUND', 'There is no such terminal any more', { next: 'Open another one.' })
      return session.view(sink)
    },
    close() {
      unlisten()
      closing.abort(fail('SHUTTING_DOWN', 'Berth is shutting down', { next: 'Start it again.' }))
      for (const session of sessions.values()) session.end('Berth was shut down')
      sessions.clear()
    },
  }

  /** The shell goes on without a connection, so it is ended by name. */
  async function endShell(sandbox: string, shell: string): Promise<void> {
    try {
      const visit = await provider.enter(sandbox, { counts: false, signal: closing.signal })
      try {
        const response = await fetch(`${visit.address.url}/v1/shell/sessions/${encodeURIComponent(shell)}`, {
          method: 'DELETE',
          headers: visit.address.key === null ? {} : { 'x-aio-api-key': visit.address.key },
          signal: AbortSignal.timeout(10_000),
        })
        await response.arrayBuffer()
        if (!response.ok && response.status !== 404) throw new Error(`the sandbox answered ${response.status}`)
      } finally {
        visit.leave()
      }
    } catch (error) {
      events.publish({
        type: 'berth.problem',
        who: 'berth:terminals',
        sandbox,
        text: `The shell of a closed terminal may still run: ${asBerthError(error).message}`,
      })
    }
  }
}

/** Whose sandbox it is, as every event of a sandbox says. */
function keyOf(provider: Pick<Provider, 'peek'>, sandbox: string): { user?: string; thread?: string } {
  const found = provider.peek(sandbox)
  return found === null || found.thread === null ? {} : { user: found.user, thread: found.thread }
}
