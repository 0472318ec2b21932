import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { liteServer } from './lite-server.ts'
import { type MemoryBackend, memoryBackend } from './memory-backend.ts'
import { type House, openHouse } from './house.ts'
import { tempDir } from './temp-dir.ts'

/** A real engine, whole, over a backend in memory; its sandboxes answer as one real lite server. */
export interface MemoryHouse {
  readonly house: House
  readonly backend: MemoryBackend
  readonly token: string
  close(): Promise<void>
}

export async function openMemoryHouse(options: { config?: string; sandbox?: Record<string, string | number> } = {}): Promise<MemoryHouse> {
  const dir = await tempDir('memory-house')
  const server = await liteServer({ cwd: dir.path })
  let backend: MemoryBackend | null = null
  const house = await openHouse({
    // Needs nothing of this machine, and is asked nothing: what stands in for it answers.
    backend: 'remote',
    sandbox: { provisioner_url: 'http://127.0.0.1:9', ...options.sandbox },
    ...(options.config === undefined ? {} : { config: options.config }),
    decorate: (real) => (backend = memoryBackend(server.url, real)),
  })
  if (!backend) throw new Error('the engine did not ask for its backend')
  return {
    house,
    backend,
    token: (await readFile(join(house.home, 'token'), 'utf8')).trim(),
    async close() {
      await house.close()
      await server.stop()
      await dir.remove()
    },
  }
}
