import { lifeline } from './lifeline.ts'
import { startServer } from './server.ts'
import { settings } from './settings.ts'

/** The program: reads the environment, serves until SIGTERM or SIGINT. */
const version = process.env['BERTH_VERSION'] || '0.0.0'
const line = lifeline(process.env)
const env = line ? { ...process.env, SANDBOX_API_KEY: line.key } : process.env
const server = await startServer(settings(env, version, [process.execPath, ...process.execArgv, process.argv[1] ?? '', 'regex-worker']))
// The one line on standard output: whoever asked for port 0 reads here which it became.
console.log(JSON.stringify({ listening: { port: server.port } }))
let closing = false
const close = (): void => {
  if (closing) return
  closing = true
  setTimeout(() => process.exit(0), 1900).unref()
  void server.close().then(() => process.exit(0))
}
for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(name, close)
line?.onEnd(close)
