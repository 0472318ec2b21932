import { expect, it } from 'vitest'
import { makeFlights } from '../../../main/core/flights.ts'

const me = { holder: 'me' }

it('runs once for all who come meanwhile', async () => {
  const flights = makeFlights<number>(() => undefined)
  let runs = 0
  const run = async () => {
    runs += 1
    await new Promise((resolve) => setTimeout(resolve, 5))
    return runs
  }
  expect(await Promise.all([1, 2, 3].map(() => flights.join('a', me, undefined, run)))).toEqual([1, 1, 1])
  expect(await flights.join('a', me, undefined, run)).toBe(2)
  expect(flights.has('a')).toBe(false)
})

it('ends the work only when its last passenger leaves', async () => {
  const flights = makeFlights<string>(() => undefined)
  const [first, second] = [new AbortController(), new AbortController()]
  let ended = false
  const run = ({ signal }: { signal: AbortSignal }) =>
    new Promise<string>((_, reject) =>
      signal.addEventListener('abort', () => {
        ended = true
        reject(signal.reason as Error)
      }),
    )
  const one = flights.join('a', me, first.signal, run)
  const two = flights.join('a', { holder: 'you' }, second.signal, run)
  first.abort()
  await expect(one).rejects.toMatchObject({ code: 'CANCELLED' })
  expect(ended).toBe(false)
  second.abort()
  await expect(two).rejects.toMatchObject({ code: 'CANCELLED' })
  expect(ended).toBe(true)
})

it('knows who is aboard at the moment of landing, and lands for all in that tick', async () => {
  const flights = makeFlights<string[]>(() => undefined)
  const run = async (flight: { holders(): string[]; land(result: string[]): void }) => {
    await new Promise((resolve) => setTimeout(resolve, 5))
    flight.land(flight.holders())
    expect(flights.has('a')).toBe(false)
    return []
  }
  const one = flights.join('a', me, undefined, run)
  const two = flights.join('a', { holder: 'you' }, undefined, run)
  const viewer = flights.join('a', { holder: null }, undefined, run)
  expect(await Promise.all([one, two, viewer])).toEqual([
    ['me', 'you'],
    ['me', 'you'],
    ['me', 'you'],
  ])
})

it('passes an error on to everybody, and forgets the flight', async () => {
  const flights = makeFlights<void>(() => undefined)
  const run = () => Promise.reject(new Error('no'))
  const results = await Promise.allSettled([flights.join('a', me, undefined, run), flights.join('a', me, undefined, run)])
  expect(results.map((result) => result.status)).toEqual(['rejected', 'rejected'])
  expect(flights.has('a')).toBe(false)
})
