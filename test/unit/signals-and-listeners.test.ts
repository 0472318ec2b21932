import { expect, it } from 'vitest'
import { onAbort, orAborted } from '../../shared/abort.ts'
import { fail } from '../../shared/errors.ts'
import { listeners } from '../../shared/listeners.ts'

it('who ends itself while it is told is told no more, and the others are', () => {
  const { tell, on, size } = listeners<[text: string]>()
  const told: string[] = []
  const off = on((text) => {
    told.push(`a ${text}`)
    off()
  })
  on((text) => told.push(`b ${text}`))
  tell('1')
  tell('2')
  off()
  expect(told).toEqual(['a 1', 'b 1', 'b 2'])
  expect(size()).toBe(1)
})

it('who was ended by another in the same telling is not told', () => {
  const { tell, on } = listeners()
  const told: string[] = []
  on(() => offSecond())
  const offSecond = on(() => told.push('second'))
  tell()
  expect(told).toEqual([])
})

it('the same function listens twice, and ends one of them', () => {
  const { tell, on, clear, size } = listeners()
  let times = 0
  const count = () => (times += 1)
  const off = on(count)
  on(count)
  tell()
  off()
  off()
  tell()
  expect(times).toBe(3)
  clear()
  expect(size()).toBe(0)
})

it('a signal that has aborted is heard at once, and every one once', () => {
  const control = new AbortController()
  const heard: unknown[] = []
  const later = ({ reason }: AbortSignal) => heard.push(reason)
  onAbort(control.signal, later)
  onAbort(control.signal, later)()
  control.abort('over')
  onAbort(control.signal, later)
  onAbort(undefined, () => heard.push('never'))
  expect(heard).toEqual(['over', 'over'])
})

it('work that a signal overtakes is waited for no more, with a reason that has a code', async () => {
  const never = new Promise<void>(() => undefined)
  const control = new AbortController()
  const waiting = orAborted(never, control.signal)
  control.abort()
  await expect(waiting).rejects.toMatchObject({ code: 'CANCELLED' })
  await expect(orAborted(never, AbortSignal.abort(fail('SHUTTING_DOWN', 'Gone', { next: 'Wait.' })))).rejects.toMatchObject({ code: 'SHUTTING_DOWN' })
  await expect(orAborted(never, control.signal, () => fail('TIMEOUT', 'Late', { next: 'Again.' }))).rejects.toMatchObject({ code: 'TIMEOUT' })
  await expect(orAborted(Promise.resolve(1), new AbortController().signal)).resolves.toBe(1)
  await expect(orAborted(Promise.resolve(2), undefined)).resolves.toBe(2)
})
