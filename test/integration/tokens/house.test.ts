import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { connect, type BridgeClient, createClient } from '../../../main/doors/client/client.ts'
import { openHouse } from '../../support/house.ts'
import { needs } from '../../support/parts.ts'
import { start } from '../../support/spawn-command.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { eventually } from '../../support/wait.ts'

const as = (url: string, token: string): BridgeClient => createClient({ url, token, instance: '' })

needs('docker', 'lite-image').describe('an anonymous sandbox over a restart', () => {
  it("is still its maker's, whatever its holder is called, and nobody else's", async () => {
    let house = await openHouse({ config: 'on_exit: keep' })
    const clients: BridgeClient[] = []
    const client = (token: string) => {
      const it = as(house.engine.url, token)
      clients.push(it)
      return it
    }
    try {
      const a = await house.engine.call('token_add', { name: 'a', thread_prefix: 'a-' })
      const b = await house.engine.call('token_add', { name: 'b' })
      const { id } = await client(a.token).call('acquire', { holder: 'b' })
      const thread = await client(a.token).call('acquire', { thread: 'a-1' })
      house = await house.reopen()
      const found = async (token: string) =>
        await client(token)
          .call('get', { id })
          .then(
            (it) => it.thread,
            (error: { code: string }) => error.code,
          )
      await eventually('it is found again', async () => (await found(a.token)) === null)
      expect(await found(b.token)).toBe('SANDBOX_NOT_FOUND')
      expect((await client(b.token).call('list', {})).sandboxes.map((it) => it.id)).toEqual([thread.id])
      expect(await client(a.token).call('exec', { id, command: 'echo mine' })).toMatchObject({ stdout: 'mine\n' })
      await expect(client(b.token).call('exec', { id, command: 'echo mine' })).rejects.toMatchObject({ code: 'SANDBOX_NOT_FOUND' })
      expect(await client(b.token).call('destroy', { id })).toEqual({ destroyed: false })
      expect(await client(a.token).call('destroy', { id })).toEqual({ destroyed: true })
    } finally {
      for (const it of clients) it.close()
      await house.close()
    }
  })
})

needs('bubblewrap').describe('a token, in a whole life of `berth serve`,', () => {
  it('stands in the answer that gave it and in the token file, and nowhere else', async () => {
    const dir = await tempDir('secrecy')
    await writeFile(join(dir.path, 'config.yaml'), 'backend: embedded\n')
    const served = start('bin/berth.mjs', ['serve', '--home', dir.path])
    const answers: string[] = []
    try {
      await eventually('it serves', () => served.stdout().includes('Ctrl-C'))
      const master = (await readFile(join(dir.path, 'token'), 'utf8')).trim()
      const boss = await connect(dir.path)
      const made = [await boss.call('token_add', { name: 'one', thread_prefix: 'one-' }), await boss.call('token_add', { name: 'two', scope: 'operator' })]
      const [one, two] = made.map(({ token }) => token) as [string, string]
      const secrets = [master, one, two]
      const ask = async (path: string, headers: Record<string, string>, body?: unknown) => {
        const answer = await fetch(boss.url + path, {
          method: body === undefined ? 'GET' : 'POST',
          headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        })
        answers.push(`${answer.status} ${JSON.stringify([...answer.headers])} ${await answer.text()}`)
      }
      for (const secret of secrets) {
        const ways = [{ authorization: `Bearer ${secret}` }, { 'x-api-key': secret }, { authorization: `Basic ${btoa(`x:${secret}`)}` }]
        for (const way of ways) {
          await ask('/berth/v1/acquire', way, { thread: 'one-1' })
          await ask('/berth/v1/exec', way, { thread: 'one-1', command: 'env; cat /proc/self/environ; ls -la' })
          await ask('/berth/v1/acquire', way, { thread: 'out-of-bounds' })
          await ask('/berth/v1/list', way)
          await ask('/berth/v1/tokens', way)
          await ask('/berth/v1/config', way)
          await ask('/berth/v1/status', way)
          await ask('/metrics', way)
          await ask('/berth/v1/events', { ...way, accept: 'application/json' })
          await ask(`/berth/v1/${secret}`, way)
          await ask('/berth/v1/exec', way, { thread: 5 })
        }
        await ask('/berth/v1/list', { authorization: `Bearer ${secret}x` })
        await ask(`/berth/v1/list?token=${secret}`, {})
        await ask(`/${secret}/list`, { 'x-api-key': secret })
      }
      const pid = (await boss.call('status', {})).pid
      const process = [
        await readFile(`/proc/${pid}/cmdline`, 'utf8'),
        await readFile(`/proc/${pid}/environ`, 'utf8'),
        await readFile(`/proc/${pid}/comm`, 'utf8'),
      ]
      await boss.call('token_revoke', { name: 'one' })
      await ask('/berth/v1/list', { 'x-api-key': one })
      await boss.call('shutdown', {})
      boss.close()
      const ran = await served.ended
      const places: Record<string, string> = { stdout: ran.stdout.toString(), stderr: ran.stderr, process: process.join(), answers: answers.join('\n') }
      for (const name of await readdir(dir.path, { recursive: true, withFileTypes: true })) {
        const path = join(name.parentPath, name.name)
        if (name.isFile() && path !== join(dir.path, 'token')) places[path.slice(dir.path.length)] = await readFile(path, 'latin1')
      }
      expect(Object.keys(places)).toEqual(expect.arrayContaining(['/events.jsonl', '/tokens.json', '/bridge.json']))
      expect(places['/events.jsonl']).toContain('token.revoked')
      for (const [place, text] of Object.entries(places)) {
        // Its digits alone as well: whoever cuts off `e2b_` still shows it.
        for (const secret of secrets) expect(text.includes(secret.slice(4)), `${place} shows a token`).toBe(false)
      }
      expect(answers.filter((it) => it.startsWith('200')).length).toBeGreaterThan(30)
    } finally {
      served.child.kill('SIGKILL')
      await served.ended
      await dir.remove()
    }
  })
})
