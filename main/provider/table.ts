import type { NewEvent } from '../../shared/event.ts'
import { fail } from '../../shared/errors.ts'
import type { Key } from '../../shared/identity.ts'
import type { Entry } from './entry.ts'
import { mayFollow } from './registry.ts'

/** Holds the entries, and publishes each change of state together with making it, so that neither is without the other. */
export interface Table {
  get(id: string): Entry | undefined
  all(): Entry[]
  /** Commits a transition of registry.ts. `event` may be left out where nothing that a person would care for changed. */
  set(entry: Entry, event?: Pick<NewEvent, 'who' | 'text' | 'details'> & { type?: string }): Entry
  /** Whose one was that was dropped: its thread can have it again. null: not known, or it had no thread. */
  departed(id: string): Key | null
  drop(id: string, event: Pick<NewEvent, 'who' | 'text' | 'details'>): void
  /** Runs after every commit, in the same tick, told which entry: capacity tickets and the idle timer look again, screens follow. */
  onChange(listener: (id: string) => void): void
}

/** Failures that nobody dismisses must not fill the list. */
const keptFailures = 50
/** Nor may those that are gone fill memory. */
const keptDepartures = 2000

export function makeTable(publish: (event: NewEvent) => void): Table {
  const entries = new Map<string, Entry>()
  const departures = new Map<string, Key>()
  const listeners: ((id: string) => void)[] = []
  const changed = (id: string) => {
    for (const listener of listeners) listener(id)
  }
  const about = (entry: Entry) => ({ sandbox: entry.id, user: entry.user, thread: entry.thread })
  const forgetOldFailures = () => {
    const failures = [...entries.values()].filter((entry) => entry.state === 'failed').sort((a, b) => a.since - b.since)
    for (const entry of failures.slice(0, Math.max(0, failures.length - keptFailures))) {
      entries.delete(entry.id)
      changed(entry.id)
    }
  }
  return {
    get: (id) => entries.get(id),
    all: () => [...entries.values()],
    set(entry, event) {
      const before = entries.get(entry.id)
      if (before?.state !== entry.state && !mayFollow(before?.state, entry.state)) {
        throw fail('INTERNAL', `Sandbox ${entry.id} cannot go from ${before?.state ?? 'nothing'} to ${entry.state}`, {
          next: 'This is a defect of Berth; please report it with the event log.',
        })
      }
      entries.set(entry.id, entry)
      if (event) publish({ type: `sandbox.${entry.state}`, ...event, ...about(entry) })
      if (entry.state === 'failed') forgetOldFailures()
      changed(entry.id)
      return entry
    },
    departed: (id) => departures.get(id) ?? null,
    drop(id, event) {
      const entry = entries.get(id)
      if (entry === undefined) return
      entries.delete(id)
      if (entry.thread !== null) departures.set(id, { user: entry.user, thread: entry.thread })
      for (const oldest of departures.keys()) if (departures.size > keptDepartures) departures.delete(oldest)
      publish({ type: 'sandbox.gone', ...event, ...about(entry) })
      changed(id)
    },
    onChange: (listener) => void listeners.push(listener),
  }
}
