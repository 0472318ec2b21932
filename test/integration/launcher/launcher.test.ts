import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const root = path.resolve(import.meta.dirname, '..', '..', '..')
const patience = 20_000
let dir: string
let launcher: ChildProcess | null = null

beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'berth-launcher-'))
})
afterEach(() => {
  launcher?.kill('SIGKILL')
  rmSync(dir, { recursive: true, force: true })
})

/** Starts a program by the launcher; resolves with the program's pid once it runs. */
async function launch(body: string, env: NodeJS.ProcessEnv = {}): Promise<{ launcher: ChildProcess; pid: number; end: Promise<unknown[]> }> {
  const program = path.join(dir, 'program.mjs')
  writeFileSync(program, `import fs from 'node:fs'\n${body}\nfs.writeFileSync(${JSON.stringify(path.join(dir, 'pid'))}, String(process.pid) + '\\n')\n`)
  launcher = spawn(process.execPath, [path.join(root, 'scripts', 'run.mjs'), program, 'an argument'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, npm_lifecycle_event: undefined, ...env },
  })
  const end = once(launcher, 'exit')
  return { launcher, pid: await pidOf(), end }
}

async function pidOf(): Promise<number> {
  for (const until = Date.now() + patience; Date.now() < until; await sleep(20)) {
    const text = read('pid')
    if (text.endsWith('\n')) return Number(text)
  }
  throw new Error('the program did not start')
}

function read(name: string): string {
  try {
    return readFileSync(path.join(dir, name), 'utf8')
  } catch {
    // Not written yet.
    return ''
  }
}

async function isGone(pid: number): Promise<boolean> {
  for (const until = Date.now() + patience; Date.now() < until; await sleep(20)) {
    try {
      process.kill(pid, 0)
    } catch {
      return true
    }
    // A container's first process may not collect what ended: that is gone, too.
    if (process.platform === 'linux' && /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))) return true
  }
  return false
}

const stays = 'setInterval(() => {}, 1000)'
const ends = (signal: string) => `${stays}\nlet got = 0; process.on('${signal}', () => { got += 1; setTimeout(() => process.exit(40 + got), 200) })`

describe.skipIf(process.platform === 'win32')('the launcher', () => {
  it('runs a program on Node 24, with its arguments, and ends with its code', async () => {
    const out = JSON.stringify(path.join(dir, 'out'))
    const { end } = await launch(`fs.writeFileSync(${out}, process.version + ' ' + process.argv[2]); process.exitCode = 7`)
    expect(await end).toEqual([7, null])
    expect(read('out')).toMatch(/^v24\..* an argument$/)
  })

  it.each(['SIGTERM', 'SIGHUP', 'SIGINT'] as const)('passes %s on, once, and waits for the end', async (signal) => {
    const { launcher: started, end } = await launch(ends(signal))
    started.kill(signal)
    started.kill(signal)
    expect(await end).toEqual([41, null])
  })

  it('ends as the program did when that is killed', async () => {
    const { pid, end } = await launch(stays)
    process.kill(pid, 'SIGKILL')
    expect(await end).toEqual([null, 'SIGKILL'])
  })

  it('takes the program with it when it is killed itself, without an orderly end', async () => {
    const {
      launcher: started,
      pid,
      end,
    } = await launch(`${ends('SIGTERM')}\nprocess.on('exit', () => fs.writeFileSync(${JSON.stringify(path.join(dir, 'orderly'))}, ''))`)
    started.kill('SIGKILL')
    await end
    expect(await isGone(pid)).toBe(true)
    expect(read('orderly')).toBe('')
  })

  it('hands neither its pipe nor its preload to what the program starts', async () => {
    const out = JSON.stringify(path.join(dir, 'out'))
    const { end } = await launch(`import { fork } from 'node:child_process'
      const inner = process.argv[2] === 'inner'
      if (inner) process.send([process.execArgv, process.env.BERTH_FOLLOW_FD ?? null])
      else { const child = fork(import.meta.filename, ['inner']); await new Promise((resolve) => child.on('message', (told) => { fs.writeFileSync(${out}, JSON.stringify(told)); resolve() })) }`)
    expect(await end).toEqual([0, null])
    expect(JSON.parse(read('out'))).toEqual([[], null])
  })
})
