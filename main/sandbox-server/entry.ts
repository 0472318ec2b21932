import { startServer } from './server.ts'
import { settings } from './settings.ts'

/** The program: reads the environment, serves until SIGTERM or SIGINT. */
const version = process.env['BERTH_VERSION'] || '0.0.0'
const server = await startServer(settings(process.env, version, [process.execPath, ...process.execArgv, process.argv[1] ?? '', 'regex-worker']))
// The one line on standard output: whoever asked for port 0 reads here which it became.
console.log(JSON.stringify({ listening: { port: server.port } }))
let closing = false
for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
  process.on(name, () => {
    if (closing) return
    closing = true
    setTimeout(() => process.exit(0), 1900).unref()
    void server.close().then(() => process.exit(0))
  })
}
