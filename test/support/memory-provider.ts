import { fail } from '../../shared/errors.ts'
import type { Acquired, Sandbox } from '../../shared/sandbox.ts'
import type { Selection } from '../../shared/select.ts'
import type { Provider } from '../../main/core/provider-api.ts'
import type { ExecRequest, ExecResult, SandboxApi } from '../../main/sandbox/sandbox-api.ts'
import { sandboxOf } from './ui/sandbox-row.ts'

/** What a test sees of the provider behind a bridge. */
export interface MemoryProvider extends Provider {
  /** `acquire t by who`, `exec COMMAND`, ... in order. */
  readonly did: string[]
  /** Commands that run now. */
  running(): number
}

/**
 * A provider in memory, to test the mechanics of HTTP and of the command: it keeps files in a map and knows a few
 * commands. `count N` prints N lines, `flood N` N control characters at once, `wait` runs until it is ended, `fail N` exits with N, anything else is echoed.
 */
export function memoryProvider(): MemoryProvider {
  const sandboxes = new Map<string, Sandbox>()
  const makers = new Map<string, string>()
  const files = new Map<string, Uint8Array>()
  const did: string[] = []
  let made = 0
  let running = 0

  function find(selection: Selection): Sandbox {
    const found = [...sandboxes.values()].find((it) =>
      selection.id === undefined ? it.thread === selection.thread && it.user === selection.user : it.id === selection.id,
    )
    if (!found) throw fail('SANDBOX_NOT_FOUND', 'There is no such sandbox', { next: 'Acquire one: berth acquire --thread T' })
    return found
  }

  const api: SandboxApi = {
    address: { url: 'http://127.0.0.1:1', key: null },
    lastProof: () => 0,
    probe: async () => undefined,
    prepare: async () => undefined,
    exec: async (request) => {
      running++
      try {
        return await runCommand(request)
      } finally {
        running--
        did.push(`ended ${request.command}`)
      }
    },
    read: async (path) => {
      const bytes = files.get(path)
      if (!bytes) throw fail('FILE_NOT_FOUND', `There is no ${path}`, { next: 'List the directory.' })
      return bytes
    },
    stream: async (path, onData) => {
      const bytes = await api.read(path)
      for (let at = 0; at < bytes.byteLength; at += 65_536) await onData(bytes.subarray(at, at + 65_536))
      return bytes.byteLength
    },
    write: async (path, content, append) => {
      files.set(path, append ? Buffer.concat([files.get(path) ?? Buffer.alloc(0), content]) : content)
      return content.byteLength
    },
    list: async (path) =>
      [...files.keys()]
        .filter((it) => it.startsWith(`${path}/`))
        .map((it) => ({ name: it.slice(path.length + 1), path: it, directory: false, size: files.get(it)?.byteLength ?? 0, modifiedAt: null })),
    search: async ({ pattern, path, maxResults }) => {
      const all = [...files]
        .filter(([file]) => file.startsWith(path))
        .flatMap(([file, bytes]) =>
          Buffer.from(bytes)
            .toString('utf8')
            .split('\n')
            .map((text, at) => ({ file, line: at + 1, text }))
            .filter(({ text }) => text.includes(pattern)),
        )
      return { matches: all.slice(0, maxResults), truncated: all.length > maxResults }
    },
    activity: async () => ({ running, idleSeconds: 0, version: null }),
    close: async () => undefined,
  }

  return {
    did,
    running: () => running,
    hint: ({ thread }, who) => {
      did.push(`hint ${thread} by ${who}`)
      return { state: 'starting', reason: null }
    },
    slots: { wanted: () => 0, all: () => [], ready: () => false, off: () => null, onChange: () => () => undefined },
    next: () => ({ acquire: { kind: 'room', slot: false, room: 1 }, reap: null }),
    spares: () => ({ wanted: 0, ready: 0, starting: 0, problem: null, proven: null }),
    acquire: async ({ user, thread, holder, who, client, signal, report }): Promise<Acquired> => {
      did.push(`acquire ${thread} by ${who}`)
      report?.({ type: 'progress', step: 'create', text: 'making it', done: 1, total: 2 })
      if (thread === 'slow') await until(signal)
      // The work of a moment that the caller just misses.
      if (holder === 'late') await until(signal).catch(() => undefined)
      if (thread === 'broken') throw new Error('nobody foresaw this')
      const old = [...sandboxes.values()].find((it) => thread !== null && it.thread === thread && it.user === user)
      const next = old ?? blank(user, thread, ++made)
      const holders = next.holders.some((it) => it.holder === holder) ? next.holders : [...next.holders, { holder, since: new Date().toISOString() }]
      if (thread === null && !old) makers.set(next.id, client ?? holder)
      sandboxes.set(next.id, { ...next, status: 'active', holders })
      return { ...find({ id: next.id, user }), path: old ? 'reuse' : 'cold', holder, headers: {}, was_replaced: false, warnings: [] }
    },
    get: find,
    ownerOf: (id) => {
      const it = sandboxes.get(id)
      return it ? { user: it.user, thread: it.thread, client: makers.get(id) ?? null } : null
    },
    peek: (id) => sandboxes.get(id) ?? null,
    mountsOf: () => null,
    onChange: () => () => undefined,
    tally: () => ({ replicas: 3, counted: sandboxes.size, waiting: 0 }),
    list: () => ({ sandboxes: [...sandboxes.values()], replicas: 3, counted: sandboxes.size }),
    release: async (selection, holder, who) => {
      did.push(`release by ${who}`)
      const it = find(selection)
      const holders = it.holders.filter((hold) => hold.holder !== holder)
      const sandbox: Sandbox = { ...it, holders, status: holders.length === 0 ? 'warm' : it.status }
      sandboxes.set(it.id, sandbox)
      return { released: holders.length < it.holders.length, sandbox }
    },
    destroy: async (selection, { who }) => {
      did.push(`destroy by ${who}`)
      return { destroyed: sandboxes.delete(find(selection).id) }
    },
    departed: () => null,
    renameHolder: () => false,
    dismiss: () => false,
    enter: async (id) => {
      throw fail('SANDBOX_NOT_FOUND', `Nothing is behind ${id} in memory`, { next: 'Use a real one.' })
    },
    use: async (selection, _who, work, { signal } = {}) => {
      const { id } = find(selection)
      return await work(api, signal ?? new AbortController().signal, id)
    },
    logs: async function* (selection, { tail, follow, signal }) {
      find(selection)
      for (let line = 1; line <= tail; line++) yield { at: null, text: `line ${line}` }
      if (follow) await until(signal)
    },
    shutdown: async (who) => {
      did.push(`shutdown by ${who}`)
      const destroyed = [...sandboxes.keys()]
      sandboxes.clear()
      return { destroyed, failed: [] }
    },
    close: async () => [],
  }
}

function until(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    if (signal?.aborted) reject(signal.reason)
    signal?.addEventListener('abort', () => reject(signal.reason))
  })
}

async function runCommand({ command, signal, onOutput, timeout }: ExecRequest): Promise<ExecResult> {
  const [word, argument] = command.replaceAll("'", '').split(' ')
  const done = { exitCode: 0, status: 'completed', stdout: '', stderr: '', truncated: false } as const
  if (word === 'wait') {
    await onOutput?.('stdout', 'started\n')
    if (timeout !== undefined) return { ...done, exitCode: null, status: 'timed_out' }
    await until(signal)
  }
  if (word === 'fail') {
    await onOutput?.('stderr', 'failing\n')
    return { ...done, exitCode: Number(argument), stderr: 'failing\n' }
  }
  if (word === 'flood') {
    const stdout = '\x01'.repeat(Number(argument))
    await onOutput?.('stdout', stdout)
    return { ...done, stdout }
  }
  if (word === 'count') {
    for (let line = 1; line <= Number(argument); line++) await onOutput?.('stdout', `${line}`.padEnd(1023, '.') + '\n')
    return done
  }
  await onOutput?.('stdout', `${command}\n`)
  return { ...done, stdout: `${command}\n` }
}

function blank(user: string, thread: string | null, number: number): Sandbox {
  return sandboxOf(number.toString(16).padStart(16, '0'), thread, new Date().toISOString(), {
    user,
    status: 'creating',
    backend: 'embedded',
    isolation: 'bubblewrap',
    image: null,
    name: `berth-${number}`,
    container: null,
    url: 'http://127.0.0.1:1',
  })
}
