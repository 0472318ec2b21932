import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { CallInput, CallName, CallResult } from '../../shared/contract.ts'
import { version } from '../../main/base/version.ts'
import { eventually } from './wait.ts'

const root = join(import.meta.dirname, '..', '..')

/** A Berth of an earlier version, on disk: its programs run as they would have where that was installed. */
export interface OlderBerth {
  readonly version: string
  serve(home: string): Promise<RunningBerth>
}

export interface RunningBerth {
  /** Past every client of ours, which would see that the contract is another one. */
  call<K extends CallName>(name: K, input: CallInput<K>): Promise<CallResult<K>>
  kill(): Promise<void>
}

/**
 * Made of what is built from these sources (or of `built`, the `out/` of others), with an older number, another lite server and another contract: so it
 * has another image, other hashes of its configuration, and does not understand the calls of ours.
 */
export async function olderBerth(directory: string, built = join(root, 'out')): Promise<OlderBerth> {
  const older = '0.0.9'
  const own = join(directory, 'berth')
  await mkdir(own, { recursive: true })
  await Promise.all([cp(join(root, 'bin'), join(own, 'bin'), { recursive: true }), cp(built, join(own, 'out'), { recursive: true })])
  let patched = 0
  for (const name of await readdir(join(own, 'out', 'main'))) {
    const file = join(own, 'out', 'main', name)
    const text = await readFile(file, 'utf8')
    const next = text.replace(`version: "${version}"`, `version: "${older}"`).replace(/describe\("The thread's name again\."\)/, 'describe("The name again.")')
    if (next === text) continue
    patched += 1
    await writeFile(file, next)
  }
  if (patched === 0) throw new Error('what is built has no version in it')
  const server = join(own, 'out', 'sandbox-server.mjs')
  await writeFile(server, `${await readFile(server, 'utf8')}\n// ${older}\n`)
  return { version: older, serve: (home) => serve(join(own, 'bin', 'berth.mjs'), home) }
}

async function serve(program: string, home: string): Promise<RunningBerth> {
  const child = spawn(process.execPath, [program, 'serve'], { env: { ...process.env, BERTH_HOME: home }, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => void (said += String(part)))
  await eventually(
    'the older Berth listens',
    () => {
      if (child.exitCode !== null) throw new Error(said)
      return said.includes('Ctrl-C stops it')
    },
    { within: 60_000 },
  )
  const { url } = JSON.parse(await readFile(join(home, 'bridge.json'), 'utf8')) as { url: string }
  const token = (await readFile(join(home, 'token'), 'utf8')).trim()
  return {
    async call(name, input) {
      const response = await fetch(`${url}/berth/v1/${name}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify(input),
      })
      const answer = (await response.json()) as never
      if (!response.ok) throw new Error(`${name}: ${JSON.stringify(answer)}`)
      return answer
    },
    kill: () => killed(child),
  }
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.kill('SIGKILL')
  await exit
}
