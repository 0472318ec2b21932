import { randomInt } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { needs } from '../../support/parts.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { runSoak } from '../../soak/run-soak.ts'

/** The long one is `npm run soak`. */
const cases = [['docker', 12], ['embedded', 40]] as const

needs('docker', 'lite-image', 'bubblewrap').describe('threads claimed and destroyed in a row', () => {
  for (const [backend, threads] of cases) {
    it(`leave nothing behind: ${backend}`, { timeout: 600_000 }, async () => {
      const home = await tempDir('soak')
      try {
        await writeFile(join(home.path, 'config.yaml'), `backend: ${backend}\nspares: 1\nbridge:\n  port: ${randomInt(20_000, 32_000)}\nsandbox:\n  container_prefix: btsoak${randomInt(1e6)}\n`)
        const { claimed, leaks } = await runSoak(home.path, { threads, say: () => undefined })
        expect(leaks).toEqual([])
        expect(claimed).toBeGreaterThan(threads / 2)
      } finally {
        await home.remove()
      }
    })
  }
})
