import { randomInt } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { keepPorts } from '../../support/kept-ports.ts'
import { needs } from '../../support/parts.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { runSoak } from '../../soak/run-soak.ts'

/** The long one is `npm run soak`. */
const cases = [
  ['docker', 12],
  ['embedded', 40],
] as const

needs('docker', 'lite-image', 'bubblewrap').describe('threads claimed and destroyed in a row', () => {
  for (const [backend, threads] of cases) {
    it(`leave nothing behind: ${backend}`, { timeout: 600_000 }, async () => {
      const home = await tempDir('soak')
      try {
        await writeFile(join(home.path, 'config.yaml'), `backend: ${backend}\nspares: 1\nsandbox:\n  container_prefix: btsoak${randomInt(1e6)}\n`)
        await keepPorts(home.path)
        const { claimed, leaks } = await runSoak(home.path, { threads, say: () => undefined })
        expect(leaks).toEqual([])
        expect(claimed).toBeGreaterThan(threads / 2)
      } finally {
        await home.remove()
      }
    })
  }
})
