import { randomInt } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'

/**
 * Gives a new home two ports to keep, its bridge's and that of its sandboxes, away from those that every other new home tries first: a test that ends its engine and
 * starts another would otherwise find the port taken by whoever started one meanwhile. One that has its ports keeps them.
 */
export async function keepPorts(home: string): Promise<void> {
  await mkdir(home, { recursive: true, mode: 0o700 })
  for (let tries = 1; ; tries += 1) {
    const port = 2 * randomInt(10_500, 15_000)
    if ((await isFree(port)) && (await isFree(port + 1))) {
      const file = {
        url: `http://127.0.0.1:${port}`,
        pid: null,
        port,
        sandbox_port: port + 1,
        token_file: join(home, 'token'),
        instance: 'none',
        version: '0',
        started_at: new Date().toISOString(),
      }
      await writeFile(join(home, 'bridge.json'), JSON.stringify(file), { mode: 0o600, flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error
      })
      return
    }
    if (tries >= 20) throw new Error('no free ports found')
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
