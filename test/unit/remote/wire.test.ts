import { expect, it } from 'vitest'
import { farId, readList, readRow, refOf, wireNames } from '../../../main/backends/remote/wire.ts'

const owner = { installation: '0123456789abcdef', home: '/home/a/.berth' }
const id = 'aabbccddeeff0011'

it('reads a row, and takes nothing for one that is none', () => {
  const row = (change: object) => readRow({ sandbox_id: 'x', sandbox_url: 'http://h:30001/', status: 'Running', ...change })
  expect(row({})).toEqual({ id: 'x', url: 'http://h:30001', state: 'running' })
  expect(row({ status: 'Pending' })).toMatchObject({ state: 'created' })
  expect(row({ status: 'NotFound' })).toBe('gone')
  for (const status of ['Unknown', 'running', '', 'constructor', '__proto__']) expect(row({ status })).toMatchObject({ state: 'unknown' })
  for (const change of [{ sandbox_url: null }, { sandbox_url: 'h:1' }, { sandbox_url: 'file:///etc/passwd' }, { sandbox_id: 5 }, { status: null }])
    expect(row(change)).toBeNull()
  for (const json of [undefined, null, 5, 'Running', []]) expect(readRow(json)).toBeNull()
})

it('reads a list, without what cannot be read in it', () => {
  expect(readList({ sandboxes: [null, { sandbox_id: 'a', sandbox_url: 'http://h:1', status: 'Running' }, { sandbox_id: 'b' }], count: 9 })?.size).toBe(1)
  for (const json of [undefined, null, [], {}, { sandboxes: {} }, { sandboxes: 'none' }]) expect(readList(json)).toBeNull()
})

it('names ours so that no other home takes them for its own, and Kubernetes takes them for a pod', () => {
  const names = wireNames(owner)
  const name = `My.Prefix_of-any_form${'-x'.repeat(40)}-${id}`
  const first = names.next(name, () => false)
  expect(first).toMatch(new RegExp(`^berth-[0-9a-f]{8}-${id}-0$`))
  expect(names.isOurs(first) && names.isOf(first, name)).toBe(true)
  expect(names.isOf(first, 'another')).toBe(false)
  for (const other of [
    { ...owner, home: '/home/b/.berth' },
    { ...owner, installation: 'f'.repeat(16) },
  ])
    expect(wireNames(other).isOurs(first)).toBe(false)
  for (const alien of [id, `berth-${id}`, 'sandbox-1', `${first}0`, '']) expect(names.isOurs(alien)).toBe(false)
  const taken = new Set<string>()
  for (let n = 0; n < 16; n += 1) taken.add(names.next(name, (one) => taken.has(one)))
  expect(taken.size).toBe(16)
  expect(taken).toContain(names.next(name, () => true))
})

it('tells lives of one id apart', () => {
  expect(refOf('berth-x', 'one')).not.toBe(refOf('berth-x', 'two'))
  expect(farId(refOf('berth-x', 'one'))).toBe('berth-x')
  expect(farId(refOf('berth-x', null))).toBe('berth-x')
})
