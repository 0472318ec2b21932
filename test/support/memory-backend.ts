import { readFileSync } from 'node:fs'
import type { Backend, EngineEvent, Found } from '../../main/backends/backend.ts'
import { fail } from '../../shared/errors.ts'
import { backendKinds } from '../../shared/backends.ts'

/** A container engine in memory whose sandboxes are all one real lite server: the engine above it is the real one, and many sandboxes cost nothing. */
export interface MemoryBackend extends Backend {
  /** Adds lines to the log of a thread's sandbox. */
  say(thread: string, lines: readonly string[]): void
  /** Freezes a thread's sandbox, or thaws it, from outside. */
  toggle(thread: string): void
  /** How often `usage` was asked for a thread's sandbox. */
  measured(thread: string): number
  /** Secrets of the sandboxes made so far. */
  keys(): string[]
}

interface Container {
  found: Found
  readonly lines: string[]
  readonly wake: Set<() => void>
  measured: number
}

/** `close` of the backend that this stands in for is called as well. */
export function memoryBackend(url: string, real: { close(): Promise<void> }): MemoryBackend {
  const containers = new Map<string, Container>()
  const listeners = new Set<(event: EngineEvent) => void>()
  const keys: string[] = []
  let made = 0
  const tell = (type: 'start' | 'die' | 'destroy' | 'pause' | 'unpause', { ref, name }: Found) => {
    for (const listener of listeners) listener({ type, ref, name })
  }
  const byThread = new Map<string | null, string>()
  const of = (thread: string) => containers.get(byThread.get(thread) ?? '')
  const change = (ref: string, state: Found['state'], type: 'pause' | 'unpause') => {
    const it = containers.get(ref)
    if (!it) throw fail('SANDBOX_NOT_FOUND', 'No such container', { next: 'List the sandboxes.' })
    it.found = { ...it.found, state }
    tell(type, it.found)
  }
  return {
    kind: 'embedded',
    isolation: 'none',
    traits: { ...backendKinds.embedded, pause: false, keyless: false, noSlots: 'without isolation nothing is mounted' },
    facts: () => Promise.resolve({ name: 'memory', version: '1' }),
    list: () => Promise.resolve([...containers.values()].map(({ found }) => found)),
    inspect: (name) => Promise.resolve([...containers.values()].find(({ found }) => found.name === name)?.found ?? null),
    prepared: () => Promise.resolve(true),
    prepare: () => Promise.resolve(),
    create(spec) {
      made += 1
      keys.push(spec.key)
      const found: Found = {
        ref: `ref-${made}`,
        name: spec.name,
        state: 'running',
        owner: 'ours',
        id: spec.id,
        user: spec.user,
        thread: spec.thread,
        nonce: spec.nonce,
        configHash: spec.configHash,
        version: '0',
        image: null,
        createdAt: Date.now(),
        url,
        exitCode: null,
        mounts: spec.mounts,
      }
      byThread.set(spec.thread, found.ref)
      containers.set(found.ref, { found, lines: [], wake: new Set(), measured: 0 })
      tell('start', found)
      return Promise.resolve(found)
    },
    remove(ref) {
      const it = containers.get(ref)
      containers.delete(ref)
      if (!it) return Promise.resolve()
      for (const wake of it.wake) wake()
      tell('die', it.found)
      tell('destroy', it.found)
      return Promise.resolve()
    },
    rename(ref, name) {
      const it = containers.get(ref)
      if (!it) return Promise.reject(fail('SANDBOX_LOST', 'No such container', { next: 'List the sandboxes.' }))
      it.found = { ...it.found, name }
      return Promise.resolve()
    },
    startedAt: (ref) => Promise.resolve(containers.has(ref) ? ref : null),
    pause: async (ref) => change(ref, 'paused', 'pause'),
    unpause: async (ref) => change(ref, 'running', 'unpause'),
    async *logs(ref, { tail, follow, signal }) {
      const it = containers.get(ref)
      if (!it) throw fail('SANDBOX_NOT_FOUND', 'No such container', { next: 'List the sandboxes.' })
      for (let next = Math.max(0, it.lines.length - tail); ;) {
        for (; next < it.lines.length; next += 1) yield { at: new Date().toISOString(), text: it.lines[next] ?? '' }
        if (!follow || signal.aborted || !containers.has(ref)) return
        await new Promise<void>((resolve) => {
          const wake = () => {
            it.wake.delete(wake)
            signal.removeEventListener('abort', wake)
            resolve()
          }
          it.wake.add(wake)
          signal.addEventListener('abort', wake)
        })
      }
    },
    watch(listener) {
      listeners.add(listener)
      return { healthy: () => true, close: () => void listeners.delete(listener) }
    },
    usage(ref) {
      const it = containers.get(ref)
      if (!it) return Promise.resolve(null)
      it.measured += 1
      // Any number that rises as real ones do: this very process's.
      const { user, system } = process.cpuUsage()
      const memory = Number(readFileSync('/proc/self/statm', 'utf8').split(' ')[1]) * 4096
      return Promise.resolve({ cpuMs: (user + system) / 1000, memory, memoryLimit: null, pids: 1, netIn: 0, netOut: 0, diskRead: 0, diskWritten: 0 })
    },
    close: () => real.close(),
    say(thread, lines) {
      const it = of(thread)
      if (!it) throw new Error(`no sandbox of ${thread}`)
      for (const line of lines) it.lines.push(line)
      for (const wake of [...it.wake]) wake()
    },
    toggle(thread) {
      const it = of(thread)
      if (it) change(it.found.ref, it.found.state === 'paused' ? 'running' : 'paused', it.found.state === 'paused' ? 'unpause' : 'pause')
    },
    measured: (thread) => of(thread)?.measured ?? 0,
    keys: () => keys,
  }
}
