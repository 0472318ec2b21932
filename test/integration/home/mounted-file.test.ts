import { execFileSync } from 'node:child_process'
import { readFile, readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { writeAtomic } from '../../../main/base/write-atomic.ts'
import { needs } from '../../support/parts.ts'
import { tempDir } from '../../support/temp-dir.ts'

needs('root').describe('a file that is a mount of its own', () => {
  it('is written in place, longer or shorter, and leaves nothing beside it', async () => {
    const dir = await tempDir('mounted-file')
    const [real, mounted] = [join(dir.path, 'real'), join(dir.path, 'config.yaml')]
    await writeFile(real, 'as it was before\n')
    await writeFile(mounted, '')
    execFileSync('mount', ['--bind', real, mounted])
    try {
      const { ino } = await stat(real)
      for (const text of ['short\n', 'much longer than it was before: ä\n', '']) {
        await writeAtomic(mounted, text, { mode: 0o600 })
        expect(await readFile(real, 'utf8')).toBe(text)
      }
      expect((await stat(real)).ino).toBe(ino)
      expect((await readdir(dir.path)).toSorted()).toEqual(['config.yaml', 'real'])
    } finally {
      execFileSync('umount', [mounted])
      await dir.remove()
    }
  })
})
