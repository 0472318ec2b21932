import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openHouse, type House } from '../../support/house.ts'
import { start } from '../../support/spawn-command.ts'

// Nothing is mounted here: what stands at /mnt/user-data elsewhere is a directory of this machine, whoever asks for it.
describe('without isolation', () => {
  let house: House
  beforeAll(async () => {
    house = await openHouse({ backend: 'embedded', config: 'embedded: { isolation: none }' })
  })
  afterAll(() => house?.close())
  const berth = async (args: readonly string[], input = '') => {
    const ran = await start('bin/berth.mjs', args, { env: { BERTH_HOME: house.home }, input }).ended
    return { code: ran.code, stdout: ran.stdout.toString('utf8'), stderr: ran.stderr }
  }
  const workspace = () => join(house.home, 'users/default/threads/demo/user-data/workspace')

  it('the line that acquire prints under "try" works, in the thread’s own directory', async () => {
    const acquired = await berth(['acquire', '--thread', 'demo'])
    const line = /^ {2}try {5}(?:npx )?berth (.+)$/m.exec(acquired.stdout)?.[1] ?? ''
    await berth(['write', '--thread', 'demo', '/mnt/user-data/workspace/a.txt'], 'hi\n')
    const tried = await berth(line.split(' '))
    expect({ code: tried.code, has: tried.stdout.includes('a.txt') }, tried.stderr).toEqual({ code: 0, has: true })
    expect((await berth(['exec', '--thread', 'demo', '--', 'pwd'])).stdout.trim()).toBe(workspace())
  })

  it('files are at the paths that they have everywhere', async () => {
    expect(await readFile(join(workspace(), 'a.txt'), 'utf8')).toBe('hi\n')
    expect((await berth(['read', '--thread', 'demo', '/mnt/user-data/workspace/a.txt'])).stdout).toBe('hi\n')
    expect((await berth(['files', '--thread', 'demo'])).stdout).toContain('a.txt')
    expect((await berth(['search', '--thread', 'demo', 'hi', '/mnt/user-data/workspace'])).stdout).toBe('/mnt/user-data/workspace/a.txt:1:hi\n')
    const missing = await berth(['read', '--thread', 'demo', '/mnt/user-data/workspace/nope'])
    expect(missing.stderr).toContain("'/mnt/user-data/workspace/nope'")
    expect(missing.stderr).not.toContain(house.home)
  })

  it('commands are told nothing of how the server was', async () => {
    expect((await berth(['exec', '--thread', 'demo', '--', 'env'])).stdout).not.toMatch(/^BERTH_/m)
  })
})
