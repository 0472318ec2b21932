import { once } from 'node:events'
import { expect, it } from 'vitest'
import { systemClock, type Clock } from '../../../main/base/clock.ts'
import { fail } from '../../../shared/errors.ts'
import { ok } from '../../../main/doctor/finding.ts'
import { inTime } from '../../../main/doctor/run-doctor.ts'
import { surroundings } from '../../../main/doctor/surroundings.ts'

/** A hundred times as fast. */
const fast: Clock = { ...systemClock(), timer: (ms, run) => systemClock().timer(ms / 100, run) }
const see = surroundings({ homeDir: '/nowhere', env: {}, clock: fast })

it('gives what was found, under its name', async () => {
  expect(await inTime({ name: 'x', run: () => Promise.resolve(ok('fine')) }, see)).toEqual({ name: 'x', status: 'ok', text: 'fine', fix: null })
})

it('one that throws has failed, with the error’s own next step', async () => {
  const run = () => Promise.reject(fail('DISK_FULL', 'The disk is full', { next: 'Make room.' }))
  expect(await inTime({ name: 'x', run }, see)).toEqual({ name: 'x', status: 'fail', text: 'The disk is full', fix: 'Make room.' })
})

it('one that is late is told to stop and waited for while it tidies up', async () => {
  const done: string[] = []
  const run = async (_: unknown, signal: AbortSignal) => {
    await once(signal, 'abort')
    done.push('tidied')
    return ok('too late')
  }
  expect(await inTime({ name: 'x', run }, see)).toMatchObject({ status: 'warn', text: expect.stringContaining('Not measured') })
  expect(done).toEqual(['tidied'])
})

it('one that never ends holds nobody up', async () => {
  const run = () => new Promise<never>(() => undefined)
  const keep = setInterval(() => undefined, 1_000)
  try {
    expect(await inTime({ name: 'x', run }, see)).toMatchObject({ status: 'warn' })
  } finally {
    clearInterval(keep)
  }
})
