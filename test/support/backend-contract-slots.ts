import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { BackendTraits, Making } from './backend-subject.ts'

/** The part of the contract that slots stand on; called inside the suite's `describe`. */
export function describeSlots(making: Making, traits: BackendTraits): void {
  it('renames: the same container under another name, once; a taken name is refused, one that is gone is lost', async () => {
    const { backend } = making.subject
    const { found, spec } = await making.create()
    const other = await making.create()
    await backend.rename(found.ref, `${spec.name}-renamed`)
    await backend.rename(found.ref, `${spec.name}-renamed`)
    expect(await backend.inspect(spec.name)).toBeNull()
    expect(await backend.inspect(`${spec.name}-renamed`)).toEqual({ ...found, name: `${spec.name}-renamed` })
    await expect(backend.rename(found.ref, other.spec.name)).rejects.toMatchObject({ code: 'NAME_TAKEN' })
    await backend.remove(found.ref, 0)
    expect(await backend.inspect(`${spec.name}-renamed`)).toBeNull()
    await expect(backend.rename(found.ref, spec.name)).rejects.toMatchObject({ code: 'SANDBOX_LOST' })
    expect(await backend.startedAt(found.ref)).toBeNull()
  })

  it('labels a slot with no thread, lists it as ours, and knows when it was started', async () => {
    const { backend } = making.subject
    const slot = 'feedfeedfeedfeed'
    const { found, spec } = await making.create({ slot })
    expect(found).toMatchObject({ slot, id: null, user: null, thread: null, nonce: spec.nonce, owner: 'ours' })
    expect((await backend.list()).find((one) => one.ref === found.ref)).toMatchObject({ slot, id: null, thread: null })
    expect(await backend.startedAt(found.ref)).toBe(await backend.startedAt(found.ref))
    const plain = await making.create()
    expect(plain.found).not.toHaveProperty('slot')
  })

  if (traits.real) it('sees a mounted directory wherever it is moved, and no other that takes its place', async () => {
    const { talk } = making.subject
    const dir = await making.directory()
    const source = join(dir, 'before')
    await mkdir(source)
    await chmod(source, 0o777)
    const { found, spec } = await making.ready({ mounts: [{ source, target: '/mnt/user-data', readonly: false }] })
    await rename(source, join(dir, 'after'))
    await mkdir(source)
    await writeFile(join(source, 'a'), 'wrong')
    await writeFile(join(dir, 'after', 'a'), 'right')
    await talk.exec(found, spec.key, 'cp /mnt/user-data/a /mnt/user-data/b')
    expect(await readFile(join(dir, 'after', 'b'), 'utf8')).toBe('right')
  })
}
