import { expect, test } from 'vitest'
import { lane } from '../../../main/sandbox-server/disk.ts'

const never = (): Promise<never> => new Promise(() => undefined)
const late = (): Error => new Error('late')

test('what never ends is given up, and so is what waits for its place', async () => {
  const run = lane(2, 30, late)
  let begun = 0
  const asked = Array.from({ length: 5 }, () =>
    run(() => {
      begun += 1
      return never()
    }),
  )
  for (const each of await Promise.allSettled(asked)) expect(each).toMatchObject({ status: 'rejected', reason: late() })
  expect(begun).toBe(2)
})

test('a place is free when its work has ended, in order, and what came too late is handed on', async () => {
  const run = lane(1, 30, late)
  const slow = Promise.withResolvers<string>()
  const forgotten: string[] = []
  await expect(
    run(
      () => slow.promise,
      (value) => void forgotten.push(value),
    ),
  ).rejects.toThrow('late')
  const next = run(() => Promise.resolve('next'))
  slow.resolve('too late')
  expect(await next).toBe('next')
  expect(forgotten).toEqual(['too late'])
  await expect(run(() => Promise.reject(new Error('its own')))).rejects.toThrow('its own')
  expect(await Promise.all(['a', 'b', 'c'].map((each) => run(() => Promise.resolve(each))))).toEqual(['a', 'b', 'c'])
})
