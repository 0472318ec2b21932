// Packs the app as electron-builder does for Linux, with the harness's Electron, and looks whether the package holds all it needs:
// what is in its archive passes the spec, and from the files beside the archive alone `berth serve` runs a sandbox.
import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { extractAll } from '@electron/asar'
import { electronCheck, fetchedElectron } from './machine.ts'
import { inRoot, root } from '../lib/root.mjs'
import { runCommand } from './command.ts'
import { closingLine, none, oneFailed, onePassed, programTally, sum, type Tally } from './tally.ts'

const run = electronCheck()
const electron = fetchedElectron()
if (!run || !electron) throw new Error('the harness has fetched no Electron yet: run the specs first')
const dir = mkdtempSync(join(tmpdir(), 'berth-package-'))
let total = none
try {
  const packed = join(dir, 'linux-unpacked', 'resources')
  if (await step('electron-builder packs', () => pack(dir))) {
    await step('the archive passes the spec', () => spec(packed))
    await step('from the package alone its own Node runs `berth serve` and a sandbox', () => alone(join(packed, 'berth')))
  }
} finally {
  rmSync(dir, { recursive: true, force: true })
}
console.log(closingLine(total))
process.exitCode = total.failed > 0 ? 1 : 0

async function step(name: string, work: () => Promise<Tally>): Promise<boolean> {
  const tally = await work()
  console.log(`${tally.failed === 0 ? 'ok  ' : 'FAIL'} ${name}`)
  total = sum([total, tally])
  return tally.failed === 0
}

async function pack(output: string): Promise<Tally> {
  // Electron 9 has no fuses; those that are asked for are asserted from the configuration, in test/unit/app/package.test.ts.
  const options = [`directories.output=${output}`, 'electronVersion=9.4.1', 'electronFuses=', `electronDist=${electron}`].map((option) => `-c.${option}`)
  const end = await runCommand(process.execPath, [inRoot('node_modules', 'electron-builder', 'cli.js'), '--linux', 'dir', ...options], {
    seconds: 300,
    quiet: true,
  })
  if (end.code !== 0) console.log(end.output)
  return end.code === 0 ? onePassed : oneFailed
}

async function spec(packed: string): Promise<Tally> {
  const app = join(dir, 'archive')
  extractAll(join(packed, 'app.asar'), app)
  const end = await runCommand(run ?? '', ['--app', app, '--spec', inRoot('test', 'e2e', 'electron', 'attached.spec.mjs'), '--shots', join(dir, 'shots')], {
    seconds: 600,
    env: { BERTH_E2E_PROJECT: root },
  })
  return programTally(end.output, end.code)
}

/** Elsewhere, without this clone's node_modules above it and with nothing of the environment. */
async function alone(folder: string): Promise<Tally> {
  const there = join(dir, 'elsewhere')
  cpSync(folder, there, { recursive: true })
  const home = join(dir, 'home')
  mkdirSync(home, { mode: 0o700 })
  writeFileSync(join(home, 'config.yaml'), 'backend: embedded\n')
  const env = { PATH: '/usr/bin:/bin', HOME: dir, BERTH_HOME: home }
  const berth = join(there, 'bin', 'berth')
  const engine = spawn(berth, ['serve', '--json'], { cwd: '/', env, stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    await Promise.race([once(engine.stdout, 'data'), once(engine, 'exit')])
    const acquired = await command(berth, ['acquire', '--thread', 'packed'], env)
    const ran = await command(berth, ['exec', '--thread', 'packed', '--', 'sh', '-c', 'echo ber$((1+1))th > a; cat a'], env)
    if (ran.output.includes('ber2th')) return onePassed
    console.log(acquired.output, ran.output)
    return oneFailed
  } finally {
    engine.kill('SIGTERM')
    if (engine.exitCode === null && engine.signalCode === null) await once(engine, 'exit')
    rmSync(there, { recursive: true, force: true })
  }
}

async function command(file: string, args: string[], env: Record<string, string>): Promise<{ output: string }> {
  const child = spawn(file, args, { cwd: '/', env, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  await once(child, 'close')
  return { output }
}
