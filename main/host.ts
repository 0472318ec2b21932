import { randomBytes } from 'node:crypto'
import type { CallChunk, CallName, CallResult } from '../shared/contract.ts'
import { clearBridgeFile, readBridgeFile, writeBridgeFile } from './bridge/bridge-file.ts'
import { whoAnswers } from './bridge/who-answers.ts'
import { openAliases } from './bridge/provisioner/aliases.ts'
import { hostsOf, isWildcard } from './bridge/hosts.ts'
import { portPlan, sandboxPortPlan } from './bridge/port.ts'
import { type LoginCodes, openSessions } from './bridge/ui/sessions.ts'
import { ticketStore } from './bridge/ui/ticket-store.ts'
import { sandboxAddresses } from './bridge/sandbox-port/addresses.ts'
import { capabilities } from './bridge/sandbox-port/capabilities.ts'
import { startSandboxPort } from './bridge/sandbox-port/start-sandbox-port.ts'
import { startBridge } from './bridge/start-bridge.ts'
import type { Clock } from './clock.ts'
import { loadConfig } from './config/load-config.ts'
import { redact } from './config/redact.ts'
import { watchConfig } from './config/watch-config.ts'
import { describeConfig } from './config/describe-config.ts'
import { openCommands } from './commands/commands.ts'
import { forgetThread } from './forget-thread.ts'
import { derivedSecrets } from './derived-secrets.ts'
import { proveEngine } from './engine-proof.ts'
import type { CloseOptions, Engine, EngineOptions } from './engine-api.ts'
import { openEvents } from './events/events.ts'
import type { FileLocks, HeldLock } from './home/file-lock.ts'
import { keepLock } from './home/kept-lock.ts'
import { openGenerations } from './home/generations.ts'
import type { Home } from './home/open-home.ts'
import { sweepTemps } from './home/write-atomic.ts'
import { statusOf } from './house.ts'
import { keepImage } from './image-keeper.ts'
import type { Log } from './log.ts'
import { logTail } from './log-tail.ts'
import { openInside } from './inside.ts'
import { callRecords } from './live/call-records.ts'
import { openLive } from './live/open-live.ts'
import { openMetrics } from './metrics/metrics.ts'
import { watchBackend } from './backend-watch.ts'
import { openBackend } from './open-backend.ts'
import { ownCommand } from './own-command.ts'
import { provide } from './provide.ts'
import { untilBegun } from './provider/beginning.ts'
import type { Provider } from './provider/provider-api.ts'
import { openTerminals } from './terminals/terminals.ts'
import { openTokens } from './tokens/tokens.ts'
import { bindHandlers } from './rpc/bind-handlers.ts'
import { contractId } from './rpc/contract-hash.ts'
import { createDispatch } from './rpc/dispatch.ts'
import { version } from './version.ts'
import { rendererDir } from './resources.ts'
import { sweepAnonymous, sweepDeleted } from './workspace/delete-thread.ts'
import { listThreads } from './workspace/list-threads.ts'

export interface HostOptions extends EngineOptions {
  readonly clock: Clock
  readonly home: Home
  readonly token: string
  readonly locks: FileLocks
  /** The home's lock, held; released at close. */
  readonly lock: HeldLock
  /** Asks whoever holds the engine to close it and start the next. */
  readonly restart: () => void
  readonly codes: LoginCodes
}

/** Runs the engine in this process: reads as the list of its parts, in the order in which each needs the one before. */
export async function host(options: HostOptions): Promise<Engine> {
  const { clock, home, token, env } = options
  const instance = randomBytes(8).toString('hex')
  const loaded = await loadConfig({ file: options.configFile, env, home: home.path })
  const tail = logTail((level, text, cause) => options.log(level, redact(text, [...loaded.secrets, token]), cause), () => clock.wall())
  const { log } = tail
  for (const warning of loaded.warnings) log('warn', warning)
  const stack = new AsyncDisposableStack()
  const lock = keepLock(options.locks, 'engine', options.lock, {
    clock,
    problem: (error) => log('warn', 'The lock of the home was lost, and another process has it; the port is still held here', error),
  })
  stack.defer(() => lock.release())
  const sweeping = new AbortController()
  let swept = Promise.resolve()
  stack.defer(() => {
    sweeping.abort()
    return swept
  })
  try {
    await sweepTemps(home.path, ['installation', 'token', 'tokens.json', 'bridge.json', 'backend'])
    await sweepTemps(home.paths.generations)
    const events = openEvents({ clock, instance, file: home.paths.events, log })
    stack.defer(() => events.close())
    const tokens = await openTokens({ file: home.paths.tokens, master: token, clock, publish: events.publish })
    stack.defer(() => tokens.close())
    // Loaded when asked for: most engines never are.
    const outlook = async (asked: { bubblewrap: boolean }) =>
      (await import('./doctor/engine-fixes.ts')).engineOutlook({ homeDir: home.path, configFile: options.configFile, env, clock }, asked)
    const { backend, choice, prove, warnings } = await openBackend({
      config: loaded, home, env, clock, token, log,
      isToken: (text) => tokens.identify(text) !== null,
      fixes: async () => (await outlook({ bubblewrap: true })).fixes.flatMap(({ command }) => (command === null ? [] : [command])),
    })
    for (const warning of warnings) log('warn', warning)
    const used = options.decorate ? options.decorate(backend) : backend
    stack.defer(() => used.close())
    const proof = proveEngine({ prove, publish: events.publish })
    stack.defer(() => proof.close())
    const image = keepImage({ backend: used, image: () => config.current().config.image, publish: events.publish, ready: proof.check })
    const config = watchConfig(loaded, {
      file: options.configFile, env, home: home.path, clock,
      onChange: () => {
        events.publish({ type: 'config.changed', who: 'berth:config', text: 'The configuration was read again' })
        image.start()
        void provider.refresh().catch((error: unknown) => log('warn', 'The new configuration is in force, but the engine could not be listed', error))
      },
      onError: (error) => events.publish({ type: 'config.bad', who: 'berth:config', text: `The last good configuration stays in force: ${error.message}` }),
    })
    const core = provide({ backend: image.watched(used), config: () => config.current(), home, env, locks: options.locks, clock, publish: events.publish, problem: proof.problem, aroundClaim: options.aroundClaim })
    stack.defer(() => config.close())
    stack.defer(() => image.close())
    const metrics = openMetrics({ clock, version, backend: choice.kind, sandboxes: core.list, waiting: core.waiting, events })
    stack.defer(() => metrics.close())
    events.subscribe(metrics.heard)
    const provider = { ...core, acquire: metrics.timed(core.acquire) }

    const problem = (text: string) => events.publish({ type: 'berth.problem', who: 'berth:addresses', text })
    const caps = capabilities(home.secret, await openGenerations(home.paths.generations, problem))
    const addressing = sandboxAddresses({
      capabilities: caps, host: loaded.overrides.sandboxHost,
      port: () => sandboxPort.port,
      mode: () => config.current().config.bridge.sandbox_url,
      cut: (id) => sandboxPort.cut(id),
    })
    const sessions = openSessions({ kept: tokens.sessions, clock, publish: events.publish, codes: options.codes })
    const tickets = ticketStore(clock)
    const commands = openCommands(clock)
    const terminals = openTerminals({ provider, clock, events })
    stack.defer(() => terminals.close())
    const records = callRecords(clock)
    const watching = watchBackend({
      choice, backend: used, events, clock, log, outlook,
      onFound() {
        log('info', 'There is something to run sandboxes with now: Berth starts again, at the same address')
        options.restart()
      },
    })
    stack.defer(() => watching.close())
    const status = statusOf({
      backend: used, choice, provider, image, home: home.path, instance, startedAt: clock.wall(),
      config: () => config.current().config,
      warnings: () => [...home.warnings, ...warnings, ...config.current().warnings],
    })
    // Loaded when asked for: most engines never are, and it brings a good deal with it.
    const doctor = async () => (await import('./doctor/run-doctor.ts')).runDoctor({ homeDir: home.path, configFile: options.configFile, env, clock })
    const configuration = () => Promise.resolve(describeConfig(config.current(), config.error()))
    const inside = openInside({
      backend: used, provider, commands, terminals, addressing, image, env, events, clock, version, token, home: home.path,
      derived: () => derivedSecrets({ secret: home.secret, capabilities: caps, list: () => used.list() }),
      config: () => config.current(), configFile: options.configFile, log: tail.lines, house: { status, doctor, config: configuration },
    })
    const handlers = bindHandlers({
      ...inside, sessions, tickets, backendWatch: watching,
      // After the answer has gone out.
      restart: () => void setTimeout(options.restart, 100),
      bridgeUrl: (via) => `http://${via ?? '127.0.0.1'}:${bridge.port}`,
      provider, tokens, events, version, token, home: home.path, addressing,
      contract: contractId(),
      status, doctor, config: configuration,
      threads: async (user) => ({ threads: await listThreads(home, user) }),
      forget: (key, who) => forgetThread({ home, locks: options.locks, publish: events.publish }, key, who),
      stop: () => void close(),
    })
    const dispatch = records.recorded(createDispatch({ handlers, log, ownerOf: provider.ownerOf, departed: provider.departed, sandboxes: () => provider.list().sandboxes }), (id) => provider.peek(id)?.thread ?? provider.departed(id)?.thread ?? null)
    const kept = (await readBridgeFile(home.paths.bridge)).value
    const { port, sandbox_port, listen } = loaded.config.bridge
    // Two homes that were first started while the other one slept keep the same ports: whoever comes second moves, once.
    const moves = port === null && kept !== null && (await isAnotherHomes(kept.port, { token, home: home.path }))
    if (moves) log('warn', `The Berth of another home has port ${kept.port} by now: this home gets one of its own and keeps that. Clients need the new address`)
    const plan = portPlan({ configured: port, kept: moves ? null : (kept?.port ?? null) })
    const hosts = hostsOf(listen, loaded.overrides.sandboxHost)
    if (listen.some(isWildcard)) log('warn', '`bridge.listen` opens Berth to every network that this machine is in: only its tokens and secrets keep others out')
    // Before the bridge: what it hands out are addresses on this port.
    const sandboxPort = await startSandboxPort({
      plan: sandboxPortPlan({ configured: sandbox_port, kept: moves ? null : (kept?.sandbox_port ?? null) }, plan),
      listen, hosts, capabilities: caps, provider, dispatch,
      identify: tokens.identify,
      begun: (signal) => untilBegun(clock, provider, signal),
    })
    stack.defer(() => sandboxPort.close())
    let closing: ReturnType<Engine['close']> | null = null
    let end: () => void = () => undefined
    const live = openLive({
      clock, events, provider, log, calls: records, backend: used, terminal: terminals.topic,
      config: () => config.current().config,
      configFile: () => ({ file: config.current().file, error: config.error()?.message ?? null }),
      warnings: () => [...home.warnings, ...warnings, ...config.current().warnings],
      shuttingDown: () => closing !== null,
      fixed: { version, instance, pid: process.pid, started_at: new Date(clock.wall()).toISOString(), home: home.path, token_file: home.paths.token, ...ownCommand(home.path, env), platform: process.platform },
      addresses: () => ({ url: bridge.url, sandbox_port: sandboxPort.port }),
      sources: {
        commands, terminals, sessions,
        image: { state: () => (used.kind === 'docker' ? image.state() : null), onChange: image.onChange },
        backend: watching.source,
        slots: core.slots,
      },
    })
    stack.defer(() => live.close())
    const bridge = await startBridge({
      screens: { directory: rendererDir(env), sessions, tickets, enter: provider.enter, subscribe: live.subscribe, instance },
      plan, identify: tokens.identify, metrics, version, dispatch, events, log, now: () => clock.now(), listen, hosts,
      provisioner: {
        aliases: openAliases({
          dir: home.paths.aliases, now: () => clock.wall(),
          problem: (text) => events.publish({ type: 'berth.problem', who: 'berth:provisioner', text }),
        }),
        addressOf: (it, { via }) => addressing.given(it, via),
        begun: () => provider.begin(),
      },
    })
    await writeBridgeFile(home.paths.bridge, {
      url: bridge.url, pid: process.pid, port: bridge.port, sandbox_port: sandboxPort.port, token_file: home.paths.token, instance, version,
      started_at: new Date(clock.wall()).toISOString(),
    })

    const closed = new Promise<void>((resolve) => {
      end = resolve
    })
    /** First no new work, then the sandboxes, then what served them, and the lock last. */
    async function shut({ sparing = false, sandboxes }: CloseOptions): ReturnType<Engine['close']> {
      const destroys = (sandboxes ?? config.current().config.on_exit) === 'destroy'
      try {
        // Whoever starts now is to wait for the lock, not to attach to an engine that is going. Where the disk is full it is as after a crash: they ask, and nobody answers.
        await clearBridgeFile(home.paths.bridge, instance).catch((error: unknown) => log('warn', 'It could not be written down that nobody is here any more', error))
        await bridge.endSessions()
        const left = await provider.close({ destroy: !destroys ? 'none' : sparing ? 'unheld' : 'all' })
        await Promise.all([bridge.close(), sandboxPort.close()])
        return left
      } finally {
        await stack.disposeAsync()
        end()
      }
    }
    const close = (how: CloseOptions = {}): ReturnType<Engine['close']> => (closing ??= shut(how))

    image.start()
    // In the background: acquires wait for it. A failure is told now, and tried again by the next acquire.
    void provider.begin().then(
      () => (swept = sweep(options, provider, log, sweeping.signal)),
      (error: unknown) => log('warn', 'The container engine could not be looked at yet', error),
    )
    events.publish({ type: 'engine.started', who: 'berth:engine', text: `Berth ${version} works with backend ${choice.kind}: ${choice.reason}` })
    return {
      url: bridge.url, port: bridge.port, home: home.path, instance, attached: false, closed, close,
      endpoint: async (who) => live.endpoint(dispatch, who),
      async call(name, input, { signal, onChunk } = {}) {
        return (await dispatch(
          {
            scope: 'operator', client: 'local', bounds: null, who: 'client:local', transport: 'process',
            signal: signal ?? new AbortController().signal,
            ...(onChunk ? { emit: async (chunk: unknown) => await onChunk(chunk as CallChunk<CallName> as never) } : {}),
          },
          name,
          input,
        )) as CallResult<typeof name>
      },
    }
  } catch (error) {
    await stack.disposeAsync()
    throw error
  }
}

async function isAnotherHomes(port: number, ours: { token: string; home: string }): Promise<boolean> {
  const there = await whoAnswers(`http://127.0.0.1:${port}`, ours)
  return there.who === 'other' && there.home === true
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
