import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connect, type BridgeClient } from '../../main/doors/client/client.ts'
import type { BerthEvent } from '../../shared/events.ts'
import type { Seeded } from '../support/seeded.ts'
import { killAt, type Signals } from './aim.ts'
import { checkBridgeFile, checkCount, checkHostFiles, checkKept, checkSettled, checkStrays, checkThreads, type Moment, type Scene } from './checks.ts'
import { startHost, type HostProcess } from './hosting.ts'
import { anywhere, type ChaosBackend, type Phase } from './phases.ts'
import { watchFamily } from './processes.ts'
import { runTraffic } from './traffic.ts'
import { lockLimit, slowness } from './world.ts'

/** What stays the same from round to round, and the engine that changes. */
export interface House extends Scene {
  readonly backend: ChaosBackend
  readonly installation: string
  readonly hit: (phase: Phase) => void
  host: HostProcess
  /** The bridge's port; null before the first round. */
  port: number | null
}

const patienceMs = 10_000

/** Traffic, a kill at `plan[0]`, where `plan[1]` is given another during the start that follows, then every check. */
export async function playRound(house: House, [under = anywhere, during]: readonly Phase[], random: Seeded, mark: string): Promise<string> {
  const went: string[] = []
  const stages: string[] = []
  let since = performance.now()
  const stage = (name: string) => {
    stages.push(`${name} ${((performance.now() - since) / 1000).toFixed(1)}`)
    since = performance.now()
  }
  const kill = async (phase: Phase, hit: boolean) => {
    const { killed, code } = await house.host.ended
    if (!killed) house.violation(`the engine ended by itself, with ${code}`)
    if (hit) house.hit(phase)
    else if (phase.when === 'traffic') house.hit(anywhere)
    went.push(hit ? phase.name : `not ${phase.name}`)
  }
  const token = await readFile(join(house.home, 'token'), 'utf8')
  const moment = await crashUnderTraffic(house, under, random, mark, kill)
  house.ledger.allCallsEnded()
  await checkHostFiles(house)
  stage('traffic')

  let alive = false
  if (during) {
    const sign = during.sign
    const before = await reconciled(house.home)
    house.host = startHost(house.home, sign.kind === 'call' ? { wait: sign.at } : {})
    const aimed = await killAt(during, { host: house.host, home: house.home, prefix: house.prefix, random, signals: null, patienceMs: 15_000 * slowness() })
    // Some were still to be adopted: those that the event log has are done.
    const hit =
      aimed &&
      (during.name !== 'start: adoption' || (await reconciled(house.home)) - before < moment.containers.filter(({ state }) => state === 'running').length)
    alive =
      !aimed &&
      (await house.host.up.then(
        () => true,
        () => false,
      )) // ended by itself: told by `kill`
    if (alive) went.push(`not ${during.name}`)
    else await kill(during, hit)
  }
  if (!alive) await startAgain(house)
  stage('start')
  await checkBridgeFile(house, house.host, house.port)
  if ((await readFile(join(house.home, 'token'), 'utf8')) !== token) house.violation('the token is another one')
  const client = await connect(house.home)
  try {
    house.port ??= Number(new URL(client.url).port)
    const sandboxes = await checkSettled(house, client)
    stage('settled')
    await checkKept(house, moment, sandboxes)
    checkCount(house, sandboxes)
    await checkStrays(house, client, moment, sandboxes)
    await checkThreads(house, client, sandboxes)
    stage('checked')
    for (const problem of (await house.truth?.strangers()) ?? []) house.violation(problem)
  } finally {
    client.close()
  }
  return `${went.join(', then ')}; ${stages.join(', ')}`
}

async function startAgain(house: House): Promise<void> {
  const began = performance.now()
  house.host = startHost(house.home)
  await house.host.up
  const took = (performance.now() - began) / 1000
  if (took > lockLimit()) house.violation(`the engine was up only ${took.toFixed(1)} s after its start`)
}

async function crashUnderTraffic(
  house: House,
  phase: Phase,
  random: Seeded,
  mark: string,
  kill: (phase: Phase, hit: boolean) => Promise<void>,
): Promise<Moment> {
  const { host } = house
  const client = await connect(house.home)
  const family = house.backend === 'embedded' ? watchFamily(host.pid, [house.installation, mark]) : null
  try {
    const { signals, answered } = await listen(client)
    let over = false
    void host.ended.then(() => (over = true))
    const aimed = killAt(phase, {
      host: {
        ...host,
        kill: () => {
          over = true
          host.kill()
        },
      },
      home: house.home,
      prefix: house.prefix,
      random: random.fork('aim'),
      signals,
      patienceMs: patienceMs * Math.min(4, slowness()),
    })
    const traffic = runTraffic({
      client,
      ledger: house.ledger,
      random: random.fork('traffic'),
      backend: house.backend,
      answered,
      violation: house.violation,
      over: () => over,
      mark,
    })
    const hit = await aimed
    const at = performance.now()
    await kill(phase, hit)
    await traffic
    const left = (await family?.left(2000 * slowness())) ?? []
    if (left.length > 0) house.violation(`Well after the end of the engine these still ran: ${left.join('; ')}`)
    return { at, containers: (await house.truth?.containers()) ?? [], removing: host.removing(), creating: host.creating() }
  } finally {
    family?.stop()
    client.close()
  }
}

/** The engine's events and the clients' answers, to whoever aims at them. */
async function listen(client: BridgeClient): Promise<{ signals: Signals; answered: (to: string) => void }> {
  const onEvent: ((event: BerthEvent) => void)[] = []
  const onAnswer: ((to: string) => void)[] = []
  const { events } = await client.call('events', { limit: 1 })
  // Ends with the engine.
  client
    .call('events', { follow: true, since: events.at(-1)?.seq ?? 0 }, { onChunk: (event) => onEvent.forEach((listener) => listener(event)) })
    .catch(() => undefined)
  return {
    signals: { onEvent: (listener) => void onEvent.push(listener), onAnswer: (listener) => void onAnswer.push(listener) },
    answered: (to) => onAnswer.forEach((listener) => listener(to)),
  }
}

/** How many sandboxes the event log says were found again. */
async function reconciled(home: string): Promise<number> {
  const text = await readFile(join(home, 'events.jsonl'), 'utf8').catch(() => '') // not yet written
  return text.split('\n').filter((line) => /"type":"sandbox\.(active|warm)"/.test(line) && line.includes('"berth:reconcile"')).length
}
