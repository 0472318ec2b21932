import { readSync } from 'node:fs'
import { runRegexWorker } from './regex-worker.ts'
import { startServer } from './server.ts'
import { settings } from './settings.ts'

/** The program: reads the environment, serves until it is told to end. With `regex-worker` it is a search instead. */
if (process.argv[2] === 'regex-worker') await runRegexWorker()
else await serve()

async function serve(): Promise<void> {
  actAsAgent(process.env['BERTH_AGENT'])
  const version = process.env['BERTH_VERSION'] || '0.0.0'
  const line = lifeline(process.env)
  const env = line ? { ...process.env, SANDBOX_API_KEY: line.key } : process.env
  const worker = [process.execPath, ...process.execArgv, process.argv[1] ?? '', 'regex-worker']
  const server = await startServer(settings(env, version, worker))
  keepServing()
  // The one line on standard output: whoever asked for port 0 reads here which it became.
  console.log(JSON.stringify({ listening: { port: server.port } }))
  let closing = false
  const close = (): void => {
    if (closing) return
    closing = true
    setTimeout(() => process.exit(0), 1900).unref()
    void server.close().then(() => process.exit(0))
  }
  // `pkill -f` with a word that fits by chance must not end the sandbox, where the agent may signal this server at all: so
  // the usual ways to end a program are deaf, and one that nobody uses by accident is the image's stop signal.
  for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(name, process.platform === 'linux' ? () => undefined : close)
  if (process.platform === 'linux') process.on('SIGPWR', close)
  line?.onEnd(close)
}

/** A sandbox holds commands that took hours: one broken request must not end them. Twenty in a minute are another matter. */
function keepServing(): void {
  const faults: number[] = []
  process.on('uncaughtException', (error) => {
    console.error('sandbox-server: uncaught:', error)
    faults.push(performance.now())
    if (faults.length >= 20 && performance.now() - (faults.at(-20) ?? 0) < 60_000) process.exit(1)
  })
}

// Where this server is a child of the engine (embedded backend), standard input is the line to it: first the key, one
// line, so that it stands in nobody's environment; then nothing, for as long as the engine lives.

export interface Lifeline {
  readonly key: string
  /** Calls once when the engine is gone. */
  onEnd(run: () => void): void
}

/** With `BERTH_KEY_FD=0` the key, waited for; null: it is in the environment as usual. Throws when the engine died before giving it. */
function lifeline(env: NodeJS.ProcessEnv): Lifeline | null {
  if (env['BERTH_KEY_FD'] === undefined) return null
  if (env['BERTH_KEY_FD'] !== '0') throw new Error('BERTH_KEY_FD can only be 0')
  const byte = Buffer.alloc(1)
  const bytes: number[] = []
  // Byte by byte: what follows the line belongs to `process.stdin`.
  while (readSync(0, byte) === 1 && byte[0] !== 10) bytes.push(byte[0]!)
  if (byte[0] !== 10 || bytes.length === 0) throw new Error('the engine ended before it gave the key')
  return {
    key: Buffer.from(bytes).toString('utf8'),
    onEnd: (run) => {
      process.stdin.once('close', run)
      process.stdin.resume()
    },
  }
}

// The agent's user may end whatever runs as that user. So where the container starts as root with the right to change
// users (`BERTH_AGENT`), this server keeps root as its real user, by whom the kernel judges who may signal it, and takes
// the agent's as its effective one, by whom it judges what files it may touch and whose the files are that it makes.
// The right is kept across the change by SECBIT_NO_SETUID_FIXUP, which `start` sets; programs are started with all
// their users changed (`agent-process.ts`), and have no right at all.

/** Steps behind the agent; before anything else is opened. Throws where the start did not leave the right to. */
function actAsAgent(agent: string | undefined): void {
  if (agent === undefined || agent === '') return
  const [, uid, gid] = /^(\d+):(\d+)$/.exec(agent) ?? []
  if (uid === undefined || gid === undefined) throw new RangeError(`BERTH_AGENT is not a uid:gid: ${agent}`)
  if (!process.setgroups || !process.setegid || !process.seteuid) throw new Error('users cannot be changed on this system')
  process.setgroups([])
  process.setegid(Number(gid))
  process.seteuid(Number(uid))
}
