import { writeFile } from 'node:fs/promises'
import { cpus, release, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
import Docker from 'dockerode'
import { Agent } from 'node:http'
import { startEngine } from '../../main/engine/engine.ts'
import { mkdtemp, rm, writeFile as write } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from '../../main/doors/client/client.ts'
import { reuseUnderLoad } from './http-load.ts'
import { cpuSeconds, emptyNodeRss, processesOf, pss, rss } from './footprint.ts'
import { proxyRatios, proxyRows } from './proxy.ts'
import { rawExec, rawStart } from './raw.ts'
import { startRig } from './rig.ts'
import { slotRows } from './slots.ts'
import { type Row, Samples, table } from './stats.ts'

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '20' },
    json: { type: 'string' },
    /** So many come at once, at the end. */
    crowd: { type: 'string', default: '100' },
    /** Rounds of each way of coming for a first command. */
    'first-commands': { type: 'string', default: '100' },
    /** Seconds of idling; 0 leaves the footprint out. */
    idle: { type: 'string', default: '60' },
  },
})
const rounds = Number(options.rounds)
const dockerConfig = (prefix: string) => `backend: docker\nsandbox:\n  container_prefix: ${prefix}\n  replicas: 200\n  idle_timeout: 3600\n  spares: 0\n`
const embeddedConfig = 'backend: embedded\nspares: 0\nsandbox:\n  replicas: 200\n'
const command = ['true']

/** Every row of one file comes from one run, interleaved round by round, so that ratios hold on a noisy machine. */
async function latencies(samples: Samples): Promise<void> {
  const home = await mkdtemp(join(tmpdir(), 'berth-bench-'))
  await write(join(home, 'config.yaml'), dockerConfig(`berthbench${process.pid}`))
  const docker = new Docker({ agent: new Agent({ keepAlive: true }) } as Docker.DockerOptions)
  const engine = await startEngine({ homeDir: home, env: process.env, log: (level, text) => level === 'error' && console.error(text) })
  const http = await connect(home)
  const embedded = await startRig('embedded', embeddedConfig)
  const slots = await slotRows(docker)
  try {
    const model = await engine.call('acquire', { thread: 'model' })
    const like = await docker.getContainer(model.container ?? '').inspect()
    await rawStart(docker, like, `berthbench${process.pid}-raw-first`).then(({ container }) => container.remove({ force: true }))
    await embedded.client.call('acquire', { thread: 'first' })
    await embedded.client.call('destroy', { thread: 'first' })
    for (let round = 1; round <= rounds; round += 1) {
      const thread = `bench-${round}`
      const raw = await samples.time('raw', () => rawStart(docker, like, `berthbench${process.pid}-raw-${round}`))
      await samples.time('cold', () => engine.call('acquire', { thread }))
      await samples.time('embedded_cold', () => embedded.client.call('acquire', { thread }))
      await samples.time('raw_exec', () => rawExec(raw.container, command))
      await samples.time('exec', () => http.call('exec', { thread, command }))
      await engine.call('release', { thread })
      await samples.time('warm', () => engine.call('acquire', { thread }))
      await samples.time('reuse', () => engine.call('acquire', { thread }))
      await samples.time('reuse_http', () => http.call('acquire', { thread }))
      await samples.time('destroy', () => engine.call('destroy', { thread }))
      await slots.round(samples, round, raw.container)
      await samples.time('raw_destroy', () => raw.container.remove({ force: true }))
      await embedded.client.call('destroy', { thread })
      process.stderr.write(`\rround ${round} of ${rounds}`)
    }
    process.stderr.write('\n')
    await slots.firstCommands(samples, Number(options['first-commands']), Number(options.crowd), like)
  } finally {
    http.close()
    await engine.close()
    await embedded.close()
    await slots.close()
    for (const { Id } of await docker.listContainers({ all: true, filters: { label: [`berth.bench=${process.pid}`] } }))
      await docker.getContainer(Id).remove({ force: true })
    await rm(home, { recursive: true, force: true })
  }
}

/** The sandbox port of an engine in a process of its own, so that the client's work is not counted to it. */
async function proxy(samples: Samples): Promise<void> {
  const rig = await startRig('proxy', dockerConfig('berthproxy'))
  try {
    const { url, container } = await rig.client.call('acquire', { thread: 'proxy' })
    await proxyRows(
      samples,
      { url: url ?? '', container: new Docker().getContainer(container ?? '') },
      { small: rounds, large: Math.max(3, Math.round(rounds / 4)) },
    )
  } finally {
    await rig.close()
  }
}

interface Footprint {
  readonly engine_rss_50: number
  readonly empty_node_rss: number
  readonly idle_cpu_percent: number
  readonly sandbox_pss_10: number
}

async function footprint(idleSeconds: number): Promise<Footprint> {
  const docker = new Docker()
  const rig = await startRig('footprint', dockerConfig(`berthfoot${process.pid}`))
  try {
    const acquire = (n: number) => rig.client.call('acquire', { thread: `foot-${n}` })
    const ten: Docker.Container[] = []
    for (let n = 0; n < 10; n += 1) ten.push(docker.getContainer((await acquire(n)).container ?? ''))
    await new Promise((resolve) => setTimeout(resolve, 3000))
    let memory = 0
    for (const container of ten) for (const pid of await processesOf(container)) memory += await pss(pid)
    for (let n = 10; n < 50; n += 1) await acquire(n)
    const before = await cpuSeconds(rig.pid)
    await new Promise((resolve) => setTimeout(resolve, idleSeconds * 1000))
    const used = (await cpuSeconds(rig.pid)) - before
    return {
      engine_rss_50: await rss(rig.pid),
      empty_node_rss: await emptyNodeRss(),
      idle_cpu_percent: (100 * used) / idleSeconds,
      sandbox_pss_10: memory / 10,
    }
  } finally {
    await rig.close()
  }
}

const samples = new Samples()
await latencies(samples)
await proxy(samples)
const rows: Record<string, Row> = { ...samples.rows(), ...(await reuseUnderLoad(dockerConfig('berthload'), Math.min(rounds, 10))) }
console.log(table(rows))
const p50 = (name: string) => rows[name]?.p50 ?? Number.NaN
const max = (name: string) => Math.max(...(samples.values.get(name) ?? []))
const compare = [
  ['cold against raw', `${(p50('cold') / p50('raw')).toFixed(2)} x, ${(p50('cold') - p50('raw')).toFixed(1)} ms more`, 'at most 1.2 x and 20 ms'],
  ['warm against raw', `raw / ${(p50('raw') / p50('warm')).toFixed(0)}`, 'at least 40'],
  ['reuse_http against raw', `raw / ${(p50('raw') / p50('reuse_http')).toFixed(0)}`, 'at least 70'],
  ['exec against raw_exec', `${(p50('exec') / p50('raw_exec')).toFixed(2)} x`, 'at most 0.2 x'],
  ['claim against raw', `raw / ${(p50('raw') / p50('claim')).toFixed(1)}`, 'at least 20'],
  ['claim_files against raw', `raw / ${(p50('raw') / p50('claim_files')).toFixed(1)}`, 'reported'],
  ['unpause against raw_unpause', `${(p50('unpause') / p50('raw_unpause')).toFixed(2)} x, ${p50('unpause').toFixed(1)} ms`, 'at most 1.5 x and 30 ms'],
  ['tti_sequential against raw', `${(p50('tti_sequential') / p50('raw')).toFixed(3)} x`, 'at most 0.3 x'],
  ['tti_back_to_back, p95', `${((rows['tti_back_to_back']?.p95 ?? Number.NaN) / p50('raw')).toFixed(2)} x raw`, 'at most 1 x'],
  ['tti_staggered', `${(p50('tti_staggered') / p50('raw')).toFixed(2)} x raw`, 'reported'],
  ['tti_burst', `${(p50('tti_burst') / p50('raw')).toFixed(2)} x raw`, 'reported'],
  [
    'tti_crowd against raw_crowd',
    `${(p50('tti_crowd') / p50('raw_crowd')).toFixed(2)} x, the last after ${(max('tti_crowd') / max('raw_crowd')).toFixed(2)} x`,
    'at most 1.2 x',
  ],
  ['embedded_cold against raw', `${(p50('embedded_cold') / p50('raw')).toFixed(2)} x`, 'at most 1 x'],
]
for (const [what, is, wanted] of compare) console.log(`${what?.padEnd(28)}${is?.padEnd(26)}(${wanted})`)
for (const [what, ratio] of Object.entries(proxyRatios(rows))) console.log(`${`proxy against direct, ${what}`.padEnd(28)}${ratio.toFixed(2)} x`)
const idle = Number(options.idle)
const weight = idle > 0 ? await footprint(idle) : null
if (weight) {
  console.log(
    `engine RSS with 50 entries   ${weight.engine_rss_50.toFixed(0)} MiB, an empty Node ${weight.empty_node_rss.toFixed(0)}: ${(weight.engine_rss_50 - weight.empty_node_rss).toFixed(0)} above (at most 100)`,
  )
  console.log(`idle CPU over ${idle} s with 50   ${weight.idle_cpu_percent.toFixed(2)} % of a core (at most 0.5)`)
  console.log(`PSS of an idle lite sandbox  ${weight.sandbox_pss_10.toFixed(1)} MiB, with 10 running (at most 20)`)
}
if (options.json !== undefined) {
  const info = (await new Docker().info()) as { ServerVersion: string; Driver: string }
  const machine = {
    cpus: cpus().length,
    model: cpus()[0]?.model ?? null,
    memory_bytes: totalmem(),
    kernel: release(),
    node: process.version,
    engine: info.ServerVersion,
    storage: info.Driver,
  }
  await writeFile(options.json, `${JSON.stringify({ at: new Date().toISOString(), rounds, machine, results: rows, footprint: weight }, null, 2)}\n`)
}
process.exit(0)
