import { readFile, realpath } from 'node:fs/promises'
import { readBridgeFile } from '../../main/bridge/bridge-file.ts'
import { whoAnswers } from '../../main/bridge/who-answers.ts'
import { homePaths } from '../../main/home/paths.ts'
import { openSocketEndpoint } from '../../main/wire/socket-client.ts'
import { fail } from '../../shared/errors.ts'
import type { Reached } from './link.ts'

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
