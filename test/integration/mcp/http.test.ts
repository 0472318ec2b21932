import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { homePaths } from '../../../main/house/home/paths.ts'
import { type House, openHouse } from '../../support/house.ts'
import { needs } from '../../support/parts.ts'
import { eventually } from '../../support/wait.ts'
import { kinds, type Mcp, overHttp } from './clients.ts'
import { toolsContract } from './tools-contract.ts'

needs('docker', 'lite-image').describe('/mcp of a real engine, docker', () => {
  describe.each(kinds)('%s', (kind) => {
    let house: House
    let mcp: Mcp
    // The protocol of 2026 has no session that could remember a thread.
    const thread = kind === '2026' ? 'named' : undefined
    const at = thread === undefined ? {} : { thread }

    beforeAll(async () => {
      house = await openHouse()
      mcp = await overHttp(kind, `${house.engine.url}/mcp`, (await readFile(homePaths(house.home).token, 'utf8')).trim())
    })
    afterAll(async () => {
      await mcp?.drop()
      await house?.close()
    })

    const list = async () => (await house.engine.call('list', {})).sandboxes

    toolsContract(() => ({
      mcp,
      at,
      sandboxes: list,
      async inside(command) {
        const id = (await list())[0]?.id
        return (await house.engine.call('exec', { id, command })).stdout.trim()
      },
    }))

    it(kind === '2026' ? 'without a session the hold stays until it is released' : 'the end of the session releases what it held', async () => {
      expect(await list()).toMatchObject([{ status: 'active' }])
      await mcp.end()
      if (kind === '2026') expect(await list()).toMatchObject([{ status: 'active', holders: [{ holder: 'mcp:master' }] }])
      else await eventually('released', async () => (await list()).every(({ status, holders }) => status === 'warm' && holders.length === 0))
    })
  })
})
