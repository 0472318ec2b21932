import { spawn, spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { onPath } from '../lib/debian.mjs'
import { dockerAnswers } from '../lib/docker.mjs'

export interface Daemon { close(): Promise<void> }

/** Seconds until a first start answers: it makes its store and its networks. */
const startWithin = 90

/**
 * A dockerd on the default socket, in the background, its log outside the tree. It is stopped again by `close`: the
 * machine is left as it was found.
 */
export async function startDaemon(say: (line: string) => void): Promise<Daemon | null> {
  if (!onPath('dockerd')) {
    say('no dockerd to start')
    return null
  }
  // dockerd gives its socket to this group only if it exists when it starts.
  spawnSync('groupadd', ['-f', 'docker'], { stdio: 'ignore' })
  const dir = mkdtempSync(path.join(tmpdir(), 'berth-dockerd-'))
  const log = path.join(dir, 'dockerd.log')
  say(`starting dockerd (log: ${log}) ...`)
  const file = openSync(log, 'a')
  const child = spawn('dockerd', [], { stdio: ['ignore', file, file], detached: true })
  closeSync(file)
  let ended: string | null = null
  child.on('error', (error) => { ended = error.message })
  child.on('exit', (code, signal) => { ended ??= `it exited with ${code ?? signal}` })
  const deadline = Date.now() + startWithin * 1000
  while (ended === null && Date.now() < deadline) {
    if (await dockerAnswers()) return { close: () => stop(child).then(() => rmSync(dir, { recursive: true, force: true })) }
    await sleep(250)
  }
  say(`dockerd does not answer (${ended ?? `not within ${startWithin} s`}); its log ends:\n${readFileSync(log, 'utf8').slice(-2000)}`)
  await stop(child)
  return null
}

async function stop(child: ReturnType<typeof spawn>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
  const gone = new Promise<void>((resolve) => { child.once('exit', () => resolve()) })
  child.kill('SIGTERM')
  const late = setTimeout(() => child.kill('SIGKILL'), 30_000)
  await gone
  clearTimeout(late)
}
