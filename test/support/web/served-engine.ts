import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connect, type BridgeClient } from '../../../main/doors/client/client.ts'
import { keepPorts } from '../kept-ports.ts'
import { start, type Running } from '../spawn-command.ts'
import { tempDir } from '../temp-dir.ts'
import { eventually } from '../wait.ts'

export interface ServedEngine {
  readonly url: string
  readonly home: string
  /** As any agent would call it. */
  readonly client: BridgeClient
  readonly running: Running
  /** A fresh link for one browser. */
  login(): Promise<string>
  /** Ends it as Ctrl-C does. */
  stop(): Promise<void>
  close(): Promise<void>
}

/** `berth serve` as a person starts it, built, in a home of its own. */
export async function serveEngine(options: { env?: Record<string, string>; config?: string; home?: string } = {}): Promise<ServedEngine> {
  const dir = options.home === undefined ? await tempDir('serve') : null
  const home = options.home ?? join(dir?.path ?? '', 'home')
  await keepPorts(home)
  const file = dir && options.config !== undefined ? join(dir.path, 'config.yaml') : null
  if (file !== null) await writeFile(file, options.config ?? '')
  const running = start('bin/berth.mjs', ['serve', '--json', ...(file === null ? [] : ['--config', file])], { env: { BERTH_HOME: home, ...options.env } })
  const facts = await eventually('the engine greets', () => greeting(running), { within: 60_000 })
  const client = await connect(home)
  async function stop(): Promise<void> {
    if (running.child.exitCode === null && running.child.signalCode === null) running.child.kill('SIGTERM')
    await running.ended
  }
  return {
    url: facts.url,
    home,
    client,
    running,
    stop,
    login: async () => (await client.call('login_link', {})).url,
    async close() {
      client.close()
      await stop()
      await dir?.remove()
    },
  }
}

function greeting(running: Running): { url: string } | undefined {
  if (running.child.exitCode !== null) throw new Error(`berth serve ended: ${running.stderr()}`)
  let said: { url: string } | { error: unknown }
  try {
    said = JSON.parse(running.stdout()) as typeof said
  } catch {
    // Not whole yet.
    return undefined
  }
  if ('error' in said) throw new Error(`berth serve ends: ${running.stdout()}`)
  return said
}
