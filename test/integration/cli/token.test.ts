import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { writeBridgeFile } from '../../../main/doors/client/bridge-file.ts'
import { version } from '../../../main/base/version.ts'
import { openTestBridge, type TestBridge, testToken } from '../../support/bridge.ts'
import { type Ran, start } from '../../support/spawn-command.ts'
import { type TempDir, tempDir } from '../../support/temp-dir.ts'

let temp: TempDir
let house: TestBridge
let home: string
beforeAll(async () => {
  temp = await tempDir('cli-token')
  home = join(temp.path, 'home')
  house = await openTestBridge({ home })
  await mkdir(home)
  const token_file = join(home, 'token')
  await writeFile(token_file, testToken)
  const { url, port } = house.bridge
  await writeBridgeFile(join(home, 'bridge.json'), { url, port, pid: 1, token_file, instance: 'instance-1', version, started_at: new Date().toISOString() })
})
afterAll(async () => {
  await house.close()
  await temp.remove()
})

const berth = async (...args: string[]): Promise<Ran> => await start('bin/berth.mjs', args, { env: { BERTH_HOME: home } }).ended
const text = ({ stdout }: Ran) => stdout.toString()

it('makes a token, lists it with its last use, and revokes it', async () => {
  expect(text(await berth('token', 'ls'))).toContain("only the home's own token")
  const added = await berth('token', 'add', 'ci', '--scope', 'agent', '--thread-prefix', 'ci-', '--user', 'ann')
  expect(added.code).toBe(0)
  expect(text(added)).toMatch(/^e2b_[a-f0-9]{40}\n$/)
  expect(added.stderr).toBe('The token of ci: an agent, threads ci-* of user ann. It is not shown again; Berth keeps only its hash.\n')
  const key = text(added).trim()
  const ask = async () => (await fetch(`${house.bridge.url}/berth/v1/list`, { headers: { 'x-api-key': key } })).status
  expect(text(await berth('token', 'ls'))).toMatch(/^NAME.*\nci +an agent, threads ci-\* of user ann +\d+ s ago +never\n$/)
  expect(await ask()).toBe(200)
  expect(text(await berth('token', 'list'))).toMatch(/ci .* \d+ s ago +\d+ s ago\n$/)
  expect(JSON.parse(text(await berth('token', 'ls', '--json')))).toMatchObject({ tokens: [{ name: 'ci', scope: 'agent', thread_prefix: 'ci-', user: 'ann' }] })
  expect(text(await berth('token', 'revoke', 'ci'))).toBe('The token of ci is refused from now on.\n')
  expect(await ask()).toBe(401)
  expect(await berth('token', 'revoke', 'ci')).toMatchObject({ code: 0 })
})

it('says what is wrong, with an exit code, in words and as JSON', async () => {
  expect(JSON.parse(text(await berth('token', 'add', 'boss', '--scope', 'operator', '--json')))).toMatchObject({
    name: 'boss',
    scope: 'operator',
    thread_prefix: null,
    token: expect.stringMatching(/^e2b_/),
  })
  const twice = await berth('token', 'add', 'Boss')
  expect(twice).toMatchObject({ code: 73, stderr: expect.stringContaining('NAME_TAKEN') })
  const prefixed = await berth('--json', 'token', 'add', 'x', '--scope', 'operator', '--thread-prefix', 'x-')
  expect(prefixed.code).toBe(64)
  expect(JSON.parse(text(prefixed))).toMatchObject({ error: { code: 'BAD_INPUT' } })
  expect((await berth('token', 'add', 'x', '--scope', 'king')).code).toBe(64)
  expect((await berth('token', 'add')).code).toBe(64)
  expect((await berth('token')).code).toBe(64)
  expect((await berth('token', 'nonsense')).code).toBe(64)
})
