import { expect, it } from 'vitest'
import { needs } from '../../support/parts.ts'
import { withHouse } from './with-house.ts'

const threads = ['a', 'b', 'c', 'd', 'e', 'f']

needs('docker', 'lite-image').describe('D3: six acquires at once do not pass replicas: 3', () => {
  it('reject: three get one, three are told, three containers were made', async () => {
    await withHouse({ sandbox: { replicas: 3 }, config: 'capacity: { mode: reject }' }, async ({ engine, containers }) => {
      const got = await Promise.allSettled(threads.map((thread) => engine.call('acquire', { thread })))
      const refused = got.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []))
      expect(refused).toHaveLength(3)
      for (const reason of refused) expect(reason).toMatchObject({ code: 'CAPACITY_REJECTED' })
      expect(await containers()).toHaveLength(3)
    })
  })

  it('soft: whoever passes it is told by how many', async () => {
    await withHouse({ sandbox: { replicas: 3 } }, async ({ engine }) => {
      const got = await Promise.all(threads.map((thread) => engine.call('acquire', { thread })))
      const over = got.flatMap(({ warnings }) => warnings.map((text) => /(\d+) over/.exec(text)?.[1]))
      expect(over).toHaveLength(3)
      expect(new Set(over)).toEqual(new Set(['1', '2', '3']))
    })
  })
})
