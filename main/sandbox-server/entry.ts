import { lifeline } from './lifeline.ts'
import { runRegexWorker } from './regex-worker.ts'
import { actAsAgent } from './server-user.ts'
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
