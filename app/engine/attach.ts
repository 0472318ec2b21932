import { readFile, realpath } from 'node:fs/promises'
import { readBridgeFile } from '../../main/doors/client/bridge-file.ts'
import { whoAnswers } from '../../main/doors/client/who-answers.ts'
import { homePaths } from '../../main/house/home/paths.ts'
import { openSocketEndpoint } from '../../main/doors/wire/socket-client.ts'
import { fail } from '../../shared/errors.ts'
import type { Reached } from './link.ts'
import type { Log } from '../../main/base/log.ts'

/**
 * Attaches to the engine of a home, if one is there: the other side proves that it knows the token before it gets it. null:
 * none is there. Throws CONTRACT_MISMATCH, or UNAUTHORIZED where its token cannot be read.
 */
export async function attach(home: string): Promise<Reached | null> {
  const { value: file } = await readBridgeFile(homePaths(home).bridge)
  if (!file || file.pid === null) return null
  const token = await tokenIn(file.token_file)
  const there = await whoAnswers(file.url, { token, home: await realpath(home) })
  if (there.who !== 'ours') return null
  let closed = false
  const { promise: gone, resolve } = Promise.withResolvers<string>()
  const { endpoint, hello } = await openSocketEndpoint({ url: file.url, token }, (reason) => {
    if (!closed) resolve(reason)
  })
  return {
    here: false,
    instance: hello.instance,
    endpoint,
    gone,
    close() {
      closed = true
      endpoint.close()
      return Promise.resolve()
    },
  }
}

async function tokenIn(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch (cause) {
    throw fail('UNAUTHORIZED', 'An engine runs, but its token cannot be read', { next: 'Open Berth as the user who runs the engine.', cause })
  }
}

/**
 * The engine in this process. It is loaded only here and only now: an attached shell never does. `attach` is for when another
 * process was faster.
 */
export async function startHere({
  home,
  env,
  log,
  attach,
}: {
  home: string
  env: NodeJS.ProcessEnv
  log: Log
  attach: () => Promise<Reached | null>
}): Promise<Reached> {
  const { startEngine } = await import('../../main/engine/engine.ts')
  for (;;) {
    const engine = await startEngine({ homeDir: home, env, log })
    if (!engine.attached) {
      const endpoint = await engine.endpoint('desktop')
      let ours = false
      const { promise: gone, resolve } = Promise.withResolvers<string>()
      void engine.closed.then(() => {
        if (!ours) resolve('it was shut down')
      })
      return {
        here: true,
        instance: engine.instance,
        endpoint,
        gone,
        async close(how) {
          ours = true
          for (const { id, error } of await engine.close(how)) log('warn', `${id} could not be ended, and is left to the next start: ${error}`)
        },
      }
    }
    await engine.close()
    const there = await attach()
    if (there) return there
  }
}
