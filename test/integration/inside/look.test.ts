import { randomBytes } from 'node:crypto'
import { chmod, lstat, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Endpoint } from '../../../shared/wire/endpoint.ts'
import { openHouse, type House } from '../../support/house.ts'
import { needs } from '../../support/parts.ts'
import { stateOf } from '../../support/state-of.ts'
import { eventually } from '../../support/wait.ts'

for (const backend of ['embedded', 'docker'] as const) {
  needs(...(backend === 'docker' ? (['docker', 'lite-image'] as const) : (['bubblewrap'] as const))).describe(`a look inside on ${backend}`, () => {
    let house: House
    let screen: Endpoint
    let address: string
    const hidden = randomBytes(12).toString('hex')
    beforeAll(async () => {
      house = await openHouse({ backend, env: { INSIDE_TOKEN: hidden }, config: 'environment:\n  API_TOKEN: $INSIDE_TOKEN\n  COLOUR: blue\n' })
      screen = await house.engine.endpoint('desktop')
      address = (await house.engine.call('acquire', { thread: 'look' })).url ?? ''
    })
    afterAll(async () => {
      screen.close()
      await house.close()
    })
    const commands = async () => Object.values((await stateOf(screen)).sandboxes).flatMap((row) => row.commands)

    it('a command that runs is seen, and interrupted with all that it started', async () => {
      const running = house.engine.call('exec', { thread: 'look', command: `echo ${'long '.repeat(200)} > /dev/null; sleep 5432 & sleep 5433; echo never` })
      const refused = expect(running).rejects.toMatchObject({ code: 'CANCELLED', message: expect.stringContaining('interrupted by'), next: expect.any(String) })
      const row = await eventually('it is in the state', async () => (await commands()).find(({ command }) => command.includes('long')))
      expect(row.command.length).toBeLessThanOrEqual(501)
      const sleeps = async () => (await house.engine.call('exec', { thread: 'look', command: 'pgrep -fc "^sleep 543[23]"' })).stdout.trim()
      await eventually('both run', async () => (await sleeps()) === '2')
      expect(await screen.call('interrupt', { command: row.id })).toEqual({ interrupted: true })
      await refused
      await eventually('both are gone', async () => (await sleeps()) === '0')
      expect(await screen.call('interrupt', { command: row.id })).toEqual({ interrupted: false })
    })

    it('the last five that ended are kept, newest first, with how they ended', async () => {
      for (let n = 1; n <= 6; n += 1) await house.engine.call('exec', { thread: 'look', command: `exit ${n}` })
      const [row] = Object.values((await stateOf(screen)).sandboxes)
      expect(row?.finished.map(({ command, exit_code }) => [command, exit_code])).toEqual([6, 5, 4, 3, 2].map((n) => [`exit ${n}`, n]))
      expect(row?.commands).toEqual([])
    })

    it('details: the directories as they are on the disk, limits, isolation, and nothing secret', async () => {
      await house.engine.call('exec', { thread: 'look', command: 'mkdir -p a/b; head -c 3000 /dev/zero > a/b/one; head -c 500 /dev/zero > two' })
      const details = await screen.call('details', { thread: 'look' })
      const workspace = details.mounts.find(({ kind }) => kind === 'workspace')!
      expect(workspace).toMatchObject({ container: '/mnt/user-data/workspace', mode: 'rw', exists: true, files: 2, bytes: 3500 })
      expect((await stat(join(workspace.host, 'a/b/one'))).size).toBe(3000)
      expect(details.mounts.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['workspace', 'uploads', 'outputs']))
      expect(details.isolation.length).toBeGreaterThan(2)
      expect(details.isolation.find(({ name }) => name === 'Network')).toMatchObject({ weak: true })
      expect(details.address).not.toBeNull()
      const text = JSON.stringify(details)
      expect(text).not.toContain(hidden)
      expect(text).not.toContain(capability(address))
      expect(text).toContain('API_TOKEN')
      if (backend === 'docker') {
        expect(details.image_id).toMatch(/^sha256:[0-9a-f]{64}$/)
        expect(details.raw).toMatchObject({ Name: `/${house.nameOf('look')}` })
        const { Config } = await house.docker.getContainer(house.nameOf('look')).inspect()
        const key = Config.Env.find((line) => line.startsWith('SANDBOX_API_KEY='))!.split('=')[1]!
        expect(key.length).toBeGreaterThan(20)
        expect(text).not.toContain(key)
      }
    })

    it('config_set: the file is edited in place behind its link, comes into force, and a bad value changes nothing', async () => {
      const file = join(house.home, 'config.yaml')
      const real = join(house.home, 'real.yaml')
      const before = `# ours\n${await readFile(file, 'utf8')}\nreplicas: 3   # a few\n`
      await writeFile(real, before)
      await chmod(real, 0o640)
      await rm(file)
      await symlink(real, file)
      const inForce = async (key: string) => (await screen.call('config', {})).values.find((row) => row.key === key)
      await eventually('the file is read', async () => (await inForce('replicas'))?.source === 'file')
      expect(await screen.call('config_set', { key: 'replicas', value: 7 })).toMatchObject({ restart: false })
      expect(await readFile(real, 'utf8')).toBe(before.replace('3   # a few', '7   # a few'))
      expect((await lstat(file)).isSymbolicLink()).toBe(true)
      expect((await stat(real)).mode & 0o777).toBe(0o640)
      await eventually('it is in force', async () => (await inForce('replicas'))?.value === 7)
      const good = await readFile(real, 'utf8')
      await expect(screen.call('config_set', { key: 'replicas', value: -1 })).rejects.toMatchObject({
        code: 'BAD_CONFIG',
        details: expect.objectContaining({ key: 'replicas' }),
      })
      await expect(screen.call('config_set', { key: 'BERTH_SANDBOX_HOST', value: 'x' })).rejects.toMatchObject({
        code: 'BAD_CONFIG',
        message: expect.stringContaining('environment'),
      })
      expect(await readFile(real, 'utf8')).toBe(good)
      const both = await Promise.all([
        screen.call('config_set', { key: 'idle_timeout', value: 900 }),
        screen.call('config_set', { key: 'bridge.listen', value: null }),
        screen.call('config_set', { key: 'capacity.mode', value: 'queue' }),
      ])
      expect(both.map(({ restart }) => restart)).toEqual([false, true, false])
      expect(await readFile(real, 'utf8')).toMatch(/capacity:\n {2}mode: queue/)
      expect(await readFile(real, 'utf8')).toMatch(/idle_timeout: 900/)
      await screen.call('config_set', { key: 'replicas', value: null })
      expect(await readFile(real, 'utf8')).not.toContain('replicas')
      await eventually('the default is in force', async () => (await inForce('replicas'))?.source === 'default')
    })

    it('diagnostics: what a report needs, and no secret that was planted', async () => {
      const token = (await readFile(join(house.home, 'token'), 'utf8')).trim()
      const secret = /[0-9a-f]{64}/.exec(await readFile(join(house.home, 'installation'), 'utf8'))![0]
      const stray = `e2b_${'ab'.repeat(20)}`
      const planted = [address, capability(address), token, secret, hidden, 'https://someone:hunter2secret@host/x', stray]
      if (backend === 'docker') {
        const { Config } = await house.docker.getContainer(house.nameOf('look')).inspect()
        planted.push(Config.Env.find((line) => line.startsWith('SANDBOX_API_KEY='))!.split('=')[1]!)
      }
      // A careless client's holder carries it into lists and events.
      for (const holder of planted) await house.engine.call('acquire', { thread: 'look', holder })
      const known = JSON.stringify((await house.engine.call('get', { thread: 'look' })).holders)
      for (const each of planted) expect(known).toContain(each)
      const { name, text } = await screen.call('diagnostics', {})
      expect(name).toMatch(/^berth-diagnostics-[\dTZ-]+\.txt$/)
      for (const title of ['Berth', 'Doctor', 'Status', 'Configuration', 'Sandboxes', 'Events', 'Log']) expect(text).toContain(`== ${title} ==`)
      expect(text).toContain(backend)
      expect(text.split('"holder":"').length).toBeGreaterThan(planted.length)
      expect(text).toContain('[secret]')
      const where = (each: string) => text.slice(Math.max(0, text.indexOf(each) - 80), text.indexOf(each))
      for (const each of [...planted.slice(1), 'hunter2secret']) expect(text.includes(each), where(each)).toBe(false)
      expect(text).toContain(house.home)
    })
  })
}

/** The secret part of a sandbox's address. */
const capability = (address: string): string => /\/s\/[0-9a-f]{16}\.([0-9a-f]{32})/.exec(address)![1]!
