import { describe, expect, it } from 'vitest'
import { berths, tally } from '../../../../renderer/sandboxes/pool.logic.ts'
import { sandbox } from './rows.ts'

describe('the pier', () => {
  const active = (n: number) => Array.from({ length: n }, (_, i) => sandbox(`a${i}`))
  const warm = sandbox('w', { status: 'warm' })
  const stopping = sandbox('s', { status: 'stopping' })
  it('has a berth for each replica, taken ones first, and shows what is over', () => {
    expect(berths([warm, ...active(1), sandbox('c', { status: 'creating' })], { replicas: 4, capacity_mode: 'soft' })).toEqual([
      'active',
      'creating',
      'warm',
      'free',
    ])
    expect(berths(active(4), { replicas: 3, capacity_mode: 'soft' })).toHaveLength(4)
    expect(tally(berths([...active(1), warm], { replicas: 3, capacity_mode: 'soft' }))).toEqual([
      { berth: 'active', count: 1 },
      { berth: 'warm', count: 1 },
      { berth: 'free', count: 1 },
    ])
  })
  it('keeps what is stopping where its place is not free before it is gone', () => {
    expect(berths([stopping], { replicas: 1, capacity_mode: 'queue' })).toEqual(['stopping'])
    expect(berths([stopping], { replicas: 1, capacity_mode: 'soft' })).toEqual(['free'])
  })
})
