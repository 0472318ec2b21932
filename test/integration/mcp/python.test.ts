import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { homePaths } from '../../../main/house/home/paths.ts'
import { type House, openHouse } from '../../support/house.ts'
import { needs } from '../../support/parts.ts'
import { pythonWith } from '../../support/python-venv.ts'

const run = promisify(execFile)
const berth = resolve(import.meta.dirname, '..', '..', '..', 'bin', 'berth.mjs')

needs('docker', 'lite-image', 'python').describe('the MCP SDK for Python 2.3.0', () => {
  let house: House
  let python: string
  beforeAll(async () => {
    python = await pythonWith('mcp==2.3.0')
    house = await openHouse()
  })
  afterAll(async () => await house?.close())

  it.each([
    ['HTTP', 'auto', '2026-07-28'],
    ['HTTP', 'legacy', '2025-11-25'],
    ['stdio', 'auto', '2026-07-28'],
    ['stdio', 'legacy', '2025-11-25'],
  ])('over %s, mode %s', async (transport, mode, version) => {
    const token = (await readFile(homePaths(house.home).token, 'utf8')).trim()
    const env = { ...process.env, MCP_MODE: mode, ...(transport === 'HTTP' ? { MCP_URL: `${house.engine.url}/mcp`, MCP_TOKEN: token } : {}) }
    const args = transport === 'HTTP' ? [] : [process.execPath, berth, 'mcp', '--home', house.home]
    const { stdout } = await run(python, [join(import.meta.dirname, 'python-client.py'), ...args], { env, timeout: 110_000 })
    const seen = JSON.parse(stdout) as Record<string, unknown>
    expect(seen).toMatchObject({
      version,
      acquired: 'active',
      command: ['hello\n', 3, false],
      read: 'one\ntwo\n',
      listed: ['p.txt'],
      found: [2],
      big: [true, true],
      error: [true, 'FILE_NOT_FOUND'],
      ran: true,
      cancelled: true,
      gone: true,
      sandboxes: 1,
      released: true,
      destroyed: true,
    })
    expect(seen['tools']).toHaveLength(9)
    expect(seen['progress']).toBeGreaterThan(0)
    expect(seen['said']).toBeGreaterThan(1)
  })
})
