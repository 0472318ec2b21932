import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import Docker from 'dockerode'
import { expect, it } from 'vitest'
import { contend, type Contender, type Said } from '../../support/contender.ts'
import { removeContainersOf } from '../../support/leftover-containers.ts'
import { needs } from '../../support/parts.ts'
import { tempDir } from '../../support/temp-dir.ts'

const processes = 16
const distinct = (values: readonly unknown[]) => new Set(values).size

async function race(config: string, body: (home: string, all: Contender[], said: Said[]) => Promise<void>): Promise<void> {
  const home = await tempDir('race')
  await writeFile(join(home.path, 'config.yaml'), config)
  const all = Array.from({ length: processes }, () => contend(home.path, 'same'))
  try {
    await body(home.path, all, await Promise.all(all.map((one) => one.next())))
  } finally {
    await Promise.all(all.map((one) => one.kill()))
    if (!config.includes('embedded')) await removeContainersOf(new Docker(), { home: home.path })
    await home.remove()
  }
}

function theEngine(all: readonly Contender[], said: readonly Said[]): { engine: Contender; rest: Contender[] } {
  const engine = all.find((one) => said.some(({ pid, role }) => pid === one.child.pid && role === 'engine'))
  if (!engine) throw new Error('none of them is the engine')
  return { engine, rest: all.filter((one) => one !== engine) }
}

needs('docker', 'lite-image').describe('16 processes after one thread, docker', () => {
  it('get one sandbox; when the engine among them is killed another takes over, with the same sandbox', async () => {
    await race('backend: docker\nspares: 0\nsandbox:\n  container_prefix: btrace\n', async (home, all, said) => {
      expect(said.filter(({ role }) => role === 'engine')).toHaveLength(1)
      expect(distinct(said.map(({ id }) => id))).toBe(1)
      expect(distinct(said.map(({ container }) => container))).toBe(1)
      const ours = () => new Docker().listContainers({ all: true, filters: { label: [`berth.home=${home}`] } })
      expect(await ours()).toHaveLength(1)
      await all[3]?.ask('exec echo kept > /mnt/user-data/workspace/a')

      const { engine, rest } = theEngine(all, said)
      await engine.kill()
      const after = await Promise.all(rest.map((one) => one.ask('acquire')))
      expect(after.filter(({ error }) => error !== undefined)).toEqual([])
      expect(after.filter(({ role }) => role === 'engine')).toHaveLength(1)
      expect(new Set(after.map(({ container }) => container))).toEqual(new Set([said[0]?.container]))
      expect(await ours()).toHaveLength(1)
      expect(await rest[0]?.ask('exec cat /mnt/user-data/workspace/a')).toMatchObject({ stdout: 'kept\n' })
    })
  })
})

needs('bubblewrap').describe('16 processes after one thread, embedded', () => {
  it('get one sandbox; when the engine is killed another takes over, with a new sandbox on the same files', async () => {
    await race('backend: embedded\n', async (_home, all, said) => {
      expect(said.filter(({ role }) => role === 'engine')).toHaveLength(1)
      expect(distinct(said.map(({ container }) => container))).toBe(1)
      await all[3]?.ask('exec echo kept > /mnt/user-data/workspace/a')

      const { engine, rest } = theEngine(all, said)
      await engine.kill()
      const after = await Promise.all(rest.map((one) => one.ask('acquire')))
      expect(after.filter(({ error }) => error !== undefined)).toEqual([])
      expect(distinct(after.map(({ container }) => container))).toBe(1)
      expect(after[0]?.container).not.toBe(said[0]?.container)
      expect(after.every(({ was_replaced }) => was_replaced)).toBe(true)
      expect(await rest[0]?.ask('exec cat /mnt/user-data/workspace/a')).toMatchObject({ stdout: 'kept\n' })
    })
  })
})
