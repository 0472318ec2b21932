import { randomInt } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'

/**
 * Gives a new home a port to keep, away from those that every other new home tries first: a test that ends its engine and
 * starts another would otherwise find the port taken by whoever started one meanwhile.
 */
export async function keepPort(home: string): Promise<number> {
  for (let tries = 1; ; tries += 1) {
    const port = randomInt(21_000, 29_999)
    if (await isFree(port)) {
      const file = { url: `http://127.0.0.1:${port}`, pid: null, port, token_file: join(home, 'token'), instance: 'none', version: '0', started_at: new Date().toISOString() }
      await writeFile(join(home, 'bridge.json'), JSON.stringify(file), { mode: 0o600 })
      return port
    }
    if (tries >= 20) throw new Error('no free port found')
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  const free = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => resolve(true))
  })
  await new Promise((resolve) => server.close(resolve))
  return free
}
