import { expect, it } from 'vitest'
import { leadsBack } from '../../../main/engine/open-backend.ts'

const self = { isToken: (text: string) => text === 'e2b_ours', keptPort: 7878 }
const at = (url: string | null, more: { provisioner_api_key?: string; port?: number } = {}) =>
  leadsBack({ provisioner_url: url, provisioner_api_key: more.provisioner_api_key ?? null, bridge: { port: more.port ?? null } }, self)

it('knows this Berth by its token or by its port', () => {
  expect(at('http://x:e2b_ours@somewhere:1')).toBe(true)
  expect(at('http://e2b_ours@somewhere:1')).toBe(true)
  expect(at('http://somewhere:1', { provisioner_api_key: 'e2b_ours' })).toBe(true)
  for (const host of ['127.0.0.1', 'localhost', '[::1]']) expect(at(`http://${host}:7878/`)).toBe(true)
  expect(at('http://127.0.0.1:9000', { port: 9000 })).toBe(true)
  expect(at('http://127.0.0.1', { port: 80 })).toBe(true)
})

it('takes no other for it', () => {
  for (const url of [null, '', 'nonsense', 'http://x:e2b_other@host:1', 'http://host:7878', 'http://127.0.0.1:7879']) expect(at(url), String(url)).toBe(false)
  expect(at('http://127.0.0.1:7878', { port: 9000 })).toBe(false)
})
