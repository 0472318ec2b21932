import type { CallChunk, CallName, CallResult } from '../../shared/contract.ts'
import type { Log } from '../base/log.ts'
import { version } from '../base/version.ts'
import type { Provider } from '../core/provider-api.ts'
import { clearBridgeFile } from '../doors/client/bridge-file.ts'
import { sweepAnonymous, sweepDeleted } from '../house/workspace/delete-thread.ts'
import { openDoors } from './doors.ts'
import type { CloseOptions, Engine } from './engine-api.ts'
import { type HostOptions, layFoundations } from './foundations.ts'
import { openPool } from './pool.ts'

/** Runs the engine in this process: what it stands on, then who has which sandbox, the doors last. */
export async function host(options: HostOptions): Promise<Engine> {
  const { home } = options
  const stack = new AsyncDisposableStack()
  let closing: ReturnType<Engine['close']> | null = null
  const close = (how: CloseOptions = {}): ReturnType<Engine['close']> => (closing ??= shut(how))
  let end: () => void = () => undefined
  const closed = new Promise<void>((resolve) => {
    end = resolve
  })
  const opening = open()
  const { log, events, instance, choice, provider, image, sweeping, doors } = await opening.catch(async (error: unknown) => {
    await stack.disposeAsync()
    throw error
  })

  async function open() {
    const foundations = await layFoundations(options, stack)
    const pool = await openPool(options, foundations, stack)
    const sweeping = { control: new AbortController(), done: Promise.resolve() }
    stack.defer(() => {
      sweeping.control.abort()
      return sweeping.done
    })
    const stop = () =>
      void close().catch((error: unknown) => {
        // Asked for by a door, so nobody else hears of it.
        foundations.log('error', 'Berth could not close in order', error)
      })
    const doors = await openDoors(options, foundations, pool, { stop, closing: () => closing !== null }, stack)
    return { ...foundations, ...pool, sweeping, doors }
  }

  /** First no new work, then the sandboxes, then what served them, and the lock last. */
  async function shut({ sparing = false, sandboxes }: CloseOptions): ReturnType<Engine['close']> {
    // A door may be asked to end it all before the last one is open.
    const {
      log,
      instance,
      config,
      provider,
      doors: { bridge, sandboxPort },
    } = await opening
    const destroys = (sandboxes ?? config.current().config.on_exit) === 'destroy'
    try {
      // Whoever starts now is to wait for the lock, not to attach to an engine that is going. Where the disk is full it is as after a crash: they ask, and nobody answers.
      await clearBridgeFile(home.paths.bridge, instance).catch((error: unknown) =>
        log('warn', 'It could not be written down that nobody is here any more', error),
      )
      await bridge.endSessions()
      const left = await provider.close({ destroy: !destroys ? 'none' : sparing ? 'unheld' : 'all' })
      await Promise.all([bridge.close(), sandboxPort.close()])
      return left
    } finally {
      await stack.disposeAsync()
      end()
    }
  }

  // Only now: a start that fails has made nothing on a container engine.
  image.start()
  // In the background: acquires wait for it. A failure is told now, and tried again by the next acquire.
  void provider.begin().then(
    () => (sweeping.done = sweep(options, provider, log, sweeping.control.signal)),
    (error: unknown) => log('warn', 'The container engine could not be looked at yet', error),
  )
  events.publish({ type: 'engine.started', who: 'berth:engine', text: `Berth ${version} works with backend ${choice.kind}: ${choice.reason}` })
  const { bridge, dispatch, live } = doors
  return {
    url: bridge.url,
    port: bridge.port,
    home: home.path,
    instance,
    attached: false,
    closed,
    close,
    endpoint: async (who) => live.endpoint(dispatch, who),
    async call(name, input, { signal, onChunk } = {}) {
      return (await dispatch(
        {
          scope: 'operator',
          client: 'local',
          bounds: null,
          who: 'client:local',
          transport: 'process',
          signal: signal ?? new AbortController().signal,
          ...(onChunk ? { emit: async (chunk: unknown) => await onChunk(chunk as CallChunk<CallName> as never) } : {}),
        },
        name,
        input,
      )) as CallResult<typeof name>
    },
  }
}

/** Finishes deletions that a crash interrupted, and frees locks that it left. What fails is only told: it is tried again at the next start. */
async function sweep({ home, locks }: HostOptions, provider: Provider, log: Log, signal: AbortSignal): Promise<void> {
  try {
    await sweepDeleted(home)
    await sweepAnonymous(home, { has: (id) => provider.list().sandboxes.some((sandbox) => sandbox.id === id) })
    await locks.sweep(signal)
  } catch (error) {
    log('warn', 'Files that are to be deleted could not be looked for', error)
  }
}
