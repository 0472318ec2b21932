import type { Address, SandboxApi } from '../../main/sandbox/sandbox-api.ts'
import { fail } from '../../shared/errors.ts'
import { cancelled, type SimProcess } from './sim-clock.ts'
import type { SimContainer, SimWorld } from './sim-engine.ts'

/**
 * `SandboxApi` over a simulated world. The command language: `sleep S` runs for S seconds, `background S` starts
 * something that runs for S seconds and returns at once, `fail N` exits with N, anything else is echoed.
 */
export function simSandbox(world: SimWorld, process: SimProcess, address: Address): SandboxApi {
  const { time, faults, random } = world
  let proof = -Infinity
  let closed = false

  const refusedConnection = (why: string) => fail('SANDBOX_UNREACHABLE', `No answer from ${address.url}: ${why}`, { next: 'Acquire the sandbox again.' })

  /** Waits until the condition holds of this container; rejects when its connection breaks, at the deadline or on abort. */
  function until(container: SimContainer, holds: () => boolean, deadline: number, signal: AbortSignal | undefined): Promise<void> {
    if (!process.alive()) return process.never()
    return new Promise<void>((resolve, reject) => {
      const done = (act: () => void) => {
        container.changed.delete(look)
        signal?.removeEventListener('abort', onAbort)
        timer.cancel()
        if (process.alive()) act()
      }
      const onAbort = () => done(() => reject(cancelled()))
      const look = () => {
        if (container.state === 'exited' || !world.containers.has(container.ref)) done(() => reject(refusedConnection('connection reset')))
        else if (holds()) done(resolve)
      }
      const timer = process.clock.timer(deadline - time.now(), () => done(() => reject(refusedConnection('timed out'))))
      container.changed.add(look)
      signal?.addEventListener('abort', onAbort, { once: true })
      if (signal?.aborted) onAbort()
      else look()
    })
  }

  const answers = (container: SimContainer) => container.state === 'running' && !container.hung

  /** One request to whoever listens at the address now, checked as the server there would. */
  async function call<T>(
    op: string,
    what: { timeoutMs: number; signal?: AbortSignal | undefined; usable: boolean },
    effect: (it: SimContainer) => T | Promise<T>,
  ): Promise<T> {
    if (!process.alive()) return await process.never()
    if (closed) throw fail('INTERNAL', 'This client was closed', { next: 'Open another one.' })
    const deadline = time.now() + what.timeoutMs
    const before = faults.at(`sandbox ${op}, before`, ['reset', 'slow', 'crash', 'hangs'])
    if (before === 'crash') process.kill()
    await process.wait(before === 'slow' ? random.between(200, 2500) : random.between(0.1, 2), { signal: what.signal })
    const container = world.byUrl(address.url)
    if (!container) throw refusedConnection('connection refused')
    if (before === 'hangs') world.hang(container.ref)
    await until(container, () => answers(container), deadline, what.signal)
    if (time.now() < container.listensAt) throw refusedConnection('connection refused')
    if (time.now() > deadline) throw refusedConnection('timed out')
    if (before === 'reset') throw refusedConnection('connection reset')
    if (container.spec?.key !== address.key) {
      throw fail('SANDBOX_REFUSED', `${address.url} does not take this key`, { next: 'It is another sandbox now; acquire again.' })
    }
    if (what.usable && time.now() < container.usableAt) throw refusedConnection('the shell is not ready')
    const result = await effect(container)
    const after = faults.at(`sandbox ${op}, after`, ['reset', 'crash'])
    if (after === 'crash') process.kill()
    await process.wait(random.between(0.1, 2))
    await until(container, () => answers(container), deadline, what.signal)
    if (after === 'reset') throw refusedConnection('connection reset')
    proof = process.clock.now()
    return result
  }

  function run(container: SimContainer, what: string, ms: number): number {
    const number = time.now() + random.next()
    container.commands.set(number, what)
    time.at(ms, () => container.commands.delete(number))
    return number
  }

  /** The directory and the path in it; outside of every mount it is the container's own, which ends with it. */
  function file(container: SimContainer, path: string): [Map<string, string>, string] {
    for (const mount of container.mounts) {
      if (!path.startsWith(`${mount.target}/`)) continue
      const directory = container.bound.get(mount.target)
      if (directory === undefined || ![...world.directories.values()].includes(directory))
        throw fail('FILE_FAILED', `${path}: the mounted directory is gone`, { next: 'Acquire the sandbox again.' })
      return [directory, path.slice(mount.target.length + 1)]
    }
    throw fail('FILE_DENIED', `${path} is outside of the mounts`, { next: 'Use a path under /mnt/user-data.' })
  }

  const read = (path: string): Promise<Uint8Array> =>
    call('read', { timeoutMs: 30_000, usable: true }, (container) => {
      container.lastClientAt = time.now()
      const [directory, name] = file(container, path)
      const content = directory.get(name)
      if (content === undefined) throw fail('FILE_NOT_FOUND', `No such file: ${path}`, { next: 'List the directory.' })
      return new TextEncoder().encode(content)
    })

  return {
    address,
    lastProof: () => proof,
    probe: (timeoutMs) => call('probe', { timeoutMs, usable: false }, () => undefined),
    prepare: (signal) => call('prepare', { timeoutMs: 30_000, signal, usable: true }, () => undefined),
    exec: ({ command, timeout, signal, onOutput }) =>
      call('exec', { timeoutMs: 600_000, signal, usable: true }, async (container) => {
        const [, verb = '', number = '0'] = /^(\w+) (\d+(?:\.\d+)?)$/.exec(command) ?? []
        container.lastClientAt = time.now()
        if (verb === 'background') run(container, command, Number(number) * 1000)
        if (verb === 'sleep') {
          const ms = Math.min(Number(number), timeout ?? Infinity) * 1000
          const id = run(container, command, ms)
          const end = time.now() + ms
          try {
            await Promise.race([process.wait(ms, { signal }), until(container, () => time.now() > end, Infinity, signal)])
            await until(container, () => answers(container), Infinity, signal)
          } finally {
            container.commands.delete(id)
          }
          if (timeout !== undefined && Number(number) > timeout)
            return { exitCode: null, status: 'timed_out' as const, stdout: '', stderr: '', truncated: false }
        }
        const stdout = verb === '' ? command : ''
        if (stdout !== '') await onOutput?.('stdout', stdout)
        return { exitCode: verb === 'fail' ? Number(number) : 0, status: 'completed' as const, stdout, stderr: '', truncated: false }
      }),
    read,
    stream: async (path, onData) => {
      const bytes = await read(path)
      await onData(bytes)
      return bytes.byteLength
    },
    write: (path, content, append) =>
      call('write', { timeoutMs: 30_000, usable: true }, (container) => {
        container.lastClientAt = time.now()
        const [directory, name] = file(container, path)
        directory.set(name, (append ? (directory.get(name) ?? '') : '') + new TextDecoder().decode(content))
        return content.byteLength
      }),
    list: (path) =>
      call('list', { timeoutMs: 30_000, usable: true }, (container) => {
        const [directory] = file(container, `${path}/`)
        return [...directory.keys()].map((name) => ({
          name,
          path: `${path}/${name}`,
          directory: false,
          size: directory.get(name)?.length ?? 0,
          modifiedAt: null,
        }))
      }),
    search: (request) =>
      call('search', { timeoutMs: 30_000, signal: request.signal, usable: true }, (container) => {
        const [directory] = file(container, `${request.path}/`)
        const matches = [...directory].flatMap(([name, content]) =>
          content.includes(request.pattern) ? [{ file: `${request.path}/${name}`, line: 1, text: content }] : [],
        )
        return { matches, truncated: false }
      }),
    activity: (timeoutMs) =>
      call('activity', { timeoutMs, usable: false }, (container) => ({
        running: container.commands.size,
        idleSeconds: (time.now() - container.lastClientAt) / 1000,
        version: '0.0.0-sim',
      })),
    close: async () => {
      closed = true
      await process.wait(random.between(0.1, 2))
    },
  }
}
