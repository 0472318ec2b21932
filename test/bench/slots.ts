import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type Docker from 'dockerode'
import { connect } from '../../main/doors/client/client.ts'
import { startEngine } from '../../main/engine/engine.ts'
import { rawStart, setPaused } from './raw.ts'
import type { Samples } from './stats.ts'

/** What slots and frozen sandboxes are worth, in an engine of their own beside the one without. */
export interface SlotRows {
  /** One round of claims and wakings; `raw` is a container of the engine's own, to be frozen and woken. */
  round(samples: Samples, round: number, raw: Docker.Container): Promise<void>
  /** Time to first command: acquire until `true` has returned through the bridge. A failure ends the run. */
  firstCommands(samples: Samples, rounds: number, crowd: number, like: Docker.ContainerInspectInfo): Promise<void>
  close(): Promise<void>
}

const burst = 20
const fileCount = 10_000

export async function slotRows(docker: Docker): Promise<SlotRows> {
  const home = await mkdtemp(join(tmpdir(), 'berth-bench-slots-'))
  await writeFile(
    join(home, 'config.yaml'),
    `backend: docker\nspares: auto\nsandbox:\n  container_prefix: berthslots${process.pid}\n  replicas: 200\n  idle_timeout: 3600\n  pause_after: 0\n`,
  )
  const engine = await startEngine({ homeDir: home, env: process.env, log: (level, text) => level === 'error' && console.error(text) })
  const http = await connect(home)
  let made = 0

  async function spare(): Promise<void> {
    for (;;) {
      const { ready, wanted, starting, problem } = (await engine.call('status', {})).slots
      if (ready > 0 && ready >= wanted && starting === 0) return
      if (problem !== null) throw new Error(`no spare sandbox: ${problem}`)
      await sleep(20)
    }
  }

  async function filesOf(thread: string, count: number): Promise<string> {
    const workspace = join(home, 'users/default/threads', thread, 'user-data/workspace')
    await mkdir(workspace, { recursive: true })
    await writeFile(join(workspace, 'first'), 'seen')
    for (let at = 0; at < count; at += 100) {
      const dir = join(workspace, `d${at}`)
      await mkdir(dir)
      await Promise.all(Array.from({ length: 100 }, (_, n) => writeFile(join(dir, `f${n}`), 'x')))
    }
    // As its agent would have made them, who may be another user than whoever measures.
    await spare()
    const [slot = ''] = await readdir(join(home, 'slots'))
    const { uid, gid } = await stat(join(home, 'slots', slot, 'user-data'))
    execFileSync('chown', ['-R', `${uid}:${gid}`, join(workspace, '..')])
    return '/mnt/user-data/workspace/first'
  }

  /** Claim of a spare for a thread, until a command in it has seen the thread's files. */
  async function claim(samples: Samples, row: string, thread: string, path: string): Promise<void> {
    await spare()
    // The container engine comes to rest after making it.
    await sleep(200)
    await samples.time(row, async () => {
      const got = await engine.call('acquire', { thread })
      if (got.path !== 'slot') throw new Error(`${thread} came by ${got.path}`)
      const seen = await engine.call('exec', { thread, command: `cat ${path}` })
      if (seen.stdout !== 'seen') throw new Error(`${thread} does not see its files: ${seen.stderr}`)
    })
    await engine.call('destroy', { thread })
  }

  async function frozen(samples: Samples, raw: Docker.Container): Promise<void> {
    const thread = 'frozen'
    const { container } = await engine.call('acquire', { thread })
    await setPaused(raw, true)
    await sleep(100)
    await samples.time('raw_unpause', () => raw.unpause())
    await engine.call('release', { thread })
    await setPaused(docker.getContainer(container ?? ''), true)
    await until(async () => (await engine.call('get', { thread })).status === 'paused')
    await sleep(100)
    await samples.time('unpause', async () => {
      const got = await engine.call('acquire', { thread })
      if (got.path !== 'warm') throw new Error(`woken by ${got.path}`)
    })
    // The engine of the container may say "is paused" for a moment longer.
    await sleep(100)
  }

  async function first(samples: Samples, row: string, thread: string): Promise<void> {
    await samples.time(row, async () => {
      await http.call('acquire', { thread })
      const { exit_code: code } = await http.call('exec', { thread, command: ['true'] })
      if (code !== 0) throw new Error(`true ended with ${code}`)
    })
  }

  const next = () => `first-${(made += 1)}`
  const destroy = (thread: string) => http.call('destroy', { thread })
  await filesOf('many', fileCount)

  return {
    async round(samples, round, raw) {
      await claim(samples, 'claim', `claim-${round}`, await filesOf(`claim-${round}`, 0))
      await claim(samples, 'claim_files', 'many', '/mnt/user-data/workspace/first')
      await frozen(samples, raw)
    },
    async firstCommands(samples, rounds, crowd, like) {
      const say = (what: string) => process.stderr.write(`\r${what.padEnd(40)}`)
      await engine.call('destroy', { thread: 'frozen' })
      for (let n = 1; n <= rounds; n += 1) {
        say(`sequential ${n} of ${rounds}`)
        await spare()
        const thread = next()
        await first(samples, 'tti_sequential', thread)
        await destroy(thread)
      }
      for (let n = 1; n <= rounds; n += 1) {
        say(`back to back ${n} of ${rounds}`)
        const thread = next()
        await first(samples, 'tti_back_to_back', thread)
        await destroy(thread)
      }
      await spare()
      const staggered = Array.from({ length: rounds }, async (_, n) => {
        await sleep(n * 200)
        say(`staggered ${n + 1} of ${rounds}`)
        const thread = next()
        await first(samples, 'tti_staggered', thread)
        await destroy(thread)
      })
      await Promise.all(staggered)
      for (let n = 0; n < rounds; n += burst) {
        say(`burst ${n + burst} of ${rounds}`)
        await spare()
        const threads = Array.from({ length: burst }, next)
        await Promise.all(threads.map((thread) => first(samples, 'tti_burst', thread)))
        await Promise.all(threads.map(destroy))
      }
      say(`${crowd} at once of the container engine`)
      const raw: Docker.Container[] = []
      try {
        const names = Array.from({ length: crowd }, (_, n) => `berthslots${process.pid}-raw-${n}`)
        // A whole start up to its first command, as a client would ask for it that knows of nobody else.
        await Promise.all(names.map((name) => samples.time('raw_crowd', async () => raw.push((await rawStart(docker, like, name)).container))))
      } finally {
        await Promise.all(raw.map((container) => container.remove({ force: true })))
      }
      say(`${crowd} at once`)
      await spare()
      const threads = Array.from({ length: crowd }, next)
      await Promise.all(threads.map((thread) => first(samples, 'tti_crowd', thread)))
      await Promise.all(threads.map(destroy))
      process.stderr.write('\n')
    },
    async close() {
      http.close()
      await engine.close()
      await rm(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
    },
  }
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(5)
}
