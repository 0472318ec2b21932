import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openDialectHouse, type DialectHouse } from '../../support/dialect-house.ts'
import { needs } from '../../support/parts.ts'
import { pythonWith } from '../../support/python-venv.ts'

const run = promisify(execFile)
const script = join(import.meta.dirname, '../../support/provisioner-client.py')

needs('docker', 'lite-image', 'python').describe("Python's requests, as deer-flow uses it", () => {
  let house: DialectHouse
  let python: string
  beforeAll(async () => {
    python = await pythonWith('requests')
    house = await openDialectHouse()
  })
  afterAll(() => house.close())

  it.each([
    ['the seed: the key in the URL alone', 'url', '-'],
    ['today: a key header beside it', 'url', 'header'],
    ['today: a key header alone', 'plain', 'header'],
  ])('%s', async (_, url, header) => {
    const token = house.token('alpha')
    const base = `http://${url === 'url' ? `x:${token}@` : ''}127.0.0.1:${house.port}`
    const { stdout } = await run(python, [script, base, header === 'header' ? token : '-', 'py'], { env: { PATH: process.env['PATH'] } })
    const { name, steps } = JSON.parse(stdout) as { name: string; steps: Record<string, { status: number; body: unknown }> }
    const row = { sandbox_id: name, sandbox_url: expect.any(String), status: 'Running' }
    expect(steps).toEqual({
      health: { status: 200, body: expect.objectContaining({ status: 'ok' }) },
      discover: { status: 404, body: { detail: `Sandbox '${name}' not found` } },
      create: { status: 200, body: row },
      alive: { status: 200, body: row },
      list: { status: 200, body: { sandboxes: [row], count: 1 } },
      bad: { status: 422, body: { detail: [expect.objectContaining({ loc: ['body', 'sandbox_id'] })] } },
      destroy: { status: 200, body: { ok: true, sandbox_id: name } },
      dead: { status: 404, body: { detail: `Sandbox '${name}' not found` } },
    })
    expect(await house.containers()).toEqual([])
  })
})
