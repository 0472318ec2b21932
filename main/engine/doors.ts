import type { Found } from '../backends/backend.ts'
import { rendererDir } from '../base/resources.ts'
import { version } from '../base/version.ts'
import { callRecords } from '../calls/live/call-records.ts'
import { houseFacts, statusOf } from '../calls/live/house-facts.ts'
import { bindHandlers } from '../calls/rpc/bind-handlers.ts'
import { contractId } from '../calls/rpc/contract-hash.ts'
import { createDispatch, type Dispatch } from '../calls/rpc/dispatch.ts'
import { untilBegun } from '../core/core.ts'
import { sandboxAddresses } from '../doors/bridge/sandbox-port/addresses.ts'
import { capabilities, type Capabilities } from '../doors/bridge/sandbox-port/capabilities.ts'
import { startSandboxPort } from '../doors/bridge/sandbox-port/start-sandbox-port.ts'
import { type Bridge, startBridge } from '../doors/bridge/start-bridge.ts'
import { readBridgeFile, writeBridgeFile } from '../doors/client/bridge-file.ts'
import { portPlan, sandboxPortPlan } from '../doors/client/port.ts'
import { whoAnswers } from '../doors/client/who-answers.ts'
import { hostsOf, isWildcard } from '../doors/http/guard.ts'
import { openAliases } from '../doors/provisioner/aliases.ts'
import { type Live, openLive } from '../doors/wire/open-live.ts'
import { describeConfig } from '../house/config/describe-config.ts'
import { openGenerations, sandboxKey } from '../house/home/generations.ts'
import { ownCommand } from '../house/home/own-command.ts'
import { openSessions, ticketStore } from '../house/tokens/sessions.ts'
import { forgetThread } from '../house/workspace/delete-thread.ts'
import { listThreads } from '../house/workspace/list-threads.ts'
import { openCommands } from '../work/commands/commands.ts'
import { openTerminals } from '../work/terminals/terminals.ts'
import type { Foundations, HostOptions } from './foundations.ts'
import type { Pool } from './pool.ts'
import { openScreenCalls } from './screen-calls.ts'

interface Doors {
  readonly dispatch: Dispatch
  readonly live: Live
  readonly bridge: Bridge
  readonly sandboxPort: { close(): Promise<void> }
}

/** Opens the ports, and tells in the home where they are. `stop`: somebody asks for the engine's end. What is opened is closed by `stack`. */
export async function openDoors(
  options: HostOptions,
  { instance, startedAt, loaded, log, logLines, events, tokens }: Foundations,
  { backend, provider, image, config, metrics, watching, warnings }: Pool,
  engine: { stop: () => void; closing: () => boolean },
  stack: AsyncDisposableStack,
): Promise<Doors> {
  const { clock, home, token, env } = options
  const problem = (text: string) => events.publish({ type: 'berth.problem', who: 'berth:addresses', text })
  const caps = capabilities(home.secret, await openGenerations(home.paths.generations, problem))
  const addressing = sandboxAddresses({
    capabilities: caps,
    host: loaded.overrides.sandboxHost,
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
  const facts = houseFacts({
    clock,
    events,
    tally: provider.tally,
    next: provider.next,
    warnings,
    config: () => config.current().config,
    configFile: () => ({ file: config.current().file, error: config.error()?.message ?? null }),
    shuttingDown: engine.closing,
    fixed: {
      version,
      instance,
      pid: process.pid,
      started_at: startedAt,
      home: home.path,
      token_file: home.paths.token,
      ...ownCommand(home.path, env),
      platform: process.platform,
    },
    addresses: () => ({ url: bridge.url, sandbox_port: sandboxPort.port }),
    image: { state: () => (backend.images ? image.state() : null), onChange: image.onChange },
    backend: watching.source,
    slots: provider.slots,
  })
  stack.defer(() => facts.close())
  const status = () => statusOf({ house: facts.now(), backend, provider, progress: image.progress(), config: config.current().config })
  // Loaded when asked for: most engines never are, and it brings a good deal with it.
  const doctor = async () => (await import('../doctor/run-doctor.ts')).runDoctor({ homeDir: home.path, configFile: options.configFile, env, clock })
  const configuration = () => Promise.resolve(describeConfig(config.current(), config.error()))
  const screenCalls = openScreenCalls({
    backend,
    provider,
    commands,
    terminals,
    addressing,
    image,
    env,
    events,
    clock,
    version,
    token,
    home: home.path,
    derived: () => derivedSecrets({ secret: home.secret, capabilities: caps, list: () => backend.list() }),
    config: () => config.current(),
    configFile: options.configFile,
    log: logLines,
    house: { status, doctor, config: configuration },
  })
  const handlers = bindHandlers({
    ...screenCalls,
    sessions,
    tickets,
    backendWatch: watching,
    // After the answer has gone out.
    restart: () => void setTimeout(options.restart, 100),
    bridgeUrl: (via) => `http://${via ?? '127.0.0.1'}:${bridge.port}`,
    provider,
    tokens,
    events,
    version,
    token,
    home: home.path,
    addressing,
    contract: contractId(),
    status,
    doctor,
    config: configuration,
    threads: async (user) => ({ threads: await listThreads(home, user) }),
    forget: (key, who) => forgetThread({ home, locks: options.locks, publish: events.publish }, key, who),
    stop: engine.stop,
  })
  const dispatch = records.recorded(
    createDispatch({ handlers, log, ownerOf: provider.ownerOf, departed: provider.departed, sandboxes: () => provider.list().sandboxes }),
    (id) => provider.peek(id)?.thread ?? provider.departed(id)?.thread ?? null,
  )
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
    listen,
    hosts,
    capabilities: caps,
    provider,
    dispatch,
    identify: tokens.identify,
    begun: (signal) => untilBegun(clock, provider, signal),
  })
  stack.defer(() => sandboxPort.close())
  const live = openLive({
    clock,
    events,
    provider,
    log,
    calls: records,
    backend,
    terminal: terminals.topic,
    facts,
    config: () => config.current().config,
    sources: { commands, terminals, sessions, slots: provider.slots },
  })
  stack.defer(() => live.close())
  const bridge = await startBridge({
    screens: { directory: rendererDir(env), sessions, tickets, enter: provider.enter, subscribe: live.subscribe, instance },
    plan,
    identify: tokens.identify,
    metrics,
    version,
    dispatch,
    events,
    log,
    now: () => clock.now(),
    listen,
    hosts,
    provisioner: {
      aliases: openAliases({
        dir: home.paths.aliases,
        now: () => clock.wall(),
        problem: (text) => events.publish({ type: 'berth.problem', who: 'berth:provisioner', text }),
      }),
      addressOf: (it, { via }) => addressing.given(it, via),
      begun: () => provider.begin(),
    },
  })
  stack.defer(() => bridge.close())
  await writeBridgeFile(home.paths.bridge, {
    url: bridge.url,
    pid: process.pid,
    port: bridge.port,
    sandbox_port: sandboxPort.port,
    token_file: home.paths.token,
    instance,
    version,
    started_at: startedAt,
  })
  return { dispatch, live, bridge, sandboxPort }
}

async function isAnotherHomes(port: number, ours: { token: string; home: string }): Promise<boolean> {
  const there = await whoAnswers(`http://127.0.0.1:${port}`, ours)
  return there.who === 'other' && there.home === true
}

/** Every secret that follows from the home's own, for whoever must find them in a text: of the sandboxes that are there, and itself. */
async function derivedSecrets(deps: { secret: string; capabilities: Capabilities; list: () => Promise<readonly Found[]> }): Promise<readonly string[]> {
  // Without an engine there is nothing that could have said one of them.
  const found = await deps.list().catch(() => [])
  return [
    deps.secret,
    ...found.flatMap(({ id, nonce }) => [
      ...(nonce === null ? [] : [sandboxKey(deps.secret, nonce)]),
      ...(id === null ? [] : [deps.capabilities.of('path', id), deps.capabilities.of('browser', id)]),
    ]),
  ]
}
