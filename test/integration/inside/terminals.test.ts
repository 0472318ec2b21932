import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Endpoint } from '../../../shared/wire/endpoint.ts'
import { openHouse, type House } from '../../support/house.ts'
import { needs } from '../../support/parts.ts'
import { viewTerminal } from '../../support/terminal-viewer.ts'
import { stateOf } from '../../support/state-of.ts'
import { eventually } from '../../support/wait.ts'

for (const backend of ['embedded', 'docker'] as const) {
  needs(...(backend === 'docker' ? (['docker', 'lite-image'] as const) : (['bubblewrap'] as const))).describe(`terminals on ${backend}`, () => {
    let house: House
    let screen: Endpoint
    let other: Endpoint
    beforeAll(async () => {
      house = await openHouse({ backend, config: 'pause_after: 1' })
      screen = await house.engine.endpoint('desktop')
      other = await house.engine.endpoint('session:two')
      await house.engine.call('acquire', { thread: 'work' })
    })
    afterAll(async () => {
      screen.close()
      other.close()
      await house.close()
    })
    const open = () => screen.call('terminal_open', { thread: 'work', cols: 101, rows: 33 })

    it('is a real terminal of the size that was asked for, and says so to its programs', async () => {
      const { id } = await open()
      const view = viewTerminal(screen, id)
      // The prompt says whose sandbox it is, in colours.
      await view.shows(/\[1;32mwork.*\[0m:.*\$ $/)
      view.type('alias ls; tty; stty size; echo $COLORTERM $TERM\r')
      const told = await view.shows(/truecolor xterm-256color\r\n/)
      expect(told).toContain("alias ls='ls --color=auto'")
      expect(told).toMatch(/\/dev\/pts\/\d+\r\n33 101\r\n/)
      view.send({ type: 'resize', cols: 66, rows: 22 })
      await eventually(
        'the new size is there',
        () => {
          view.type('stty size\r')
          return view.text().includes('22 66\r\n')
        },
        { every: 200 },
      )
      expect(view.seen).toContainEqual({ type: 'size', cols: 66, rows: 22 })
      await screen.call('terminal_close', { terminal: id })
      expect(await view.ended()).toBe('It was closed')
    })

    it('goes on while nobody looks, and tells whoever comes what happened', async () => {
      const { id, title } = await open()
      const first = viewTerminal(screen, id)
      await first.shows(/[$#] $/)
      first.type('cd /tmp; X=kept; sleep 0.5; echo while-$((40+2))-away\r')
      await first.shows('while-$((40+2))')
      first.close()
      const later = await eventually('the history has it', async () => {
        const view = viewTerminal(other, id)
        await view.shows(/[$#]/)
        if (view.text().includes('while-42-away')) return view
        view.close()
        return undefined
      })
      expect(later.seen[0]).toMatchObject({ type: 'replay', cols: 101, rows: 33, cut: false })
      later.type('echo $X-$PWD\r')
      await later.shows('kept-/tmp\r\n')
      later.close()
      expect(title).toMatch(/^Terminal \d+$/)
      await screen.call('terminal_close', { terminal: id })
    })

    it('of two viewers the one in focus sets the size and answers; both may type', async () => {
      const { id } = await open()
      const one = viewTerminal(screen, id)
      const two = viewTerminal(other, id)
      await one.shows(/[$#] $/)
      await two.shows(/[$#] $/)
      await eventually('the newest has the focus', () => two.focused() && !one.focused())
      one.send({ type: 'resize', cols: 44, rows: 11 })
      one.send({ type: 'answer', data: 'not-in-focus' })
      one.type('stty size; echo from-$((1))\r')
      await two.shows('from-1\r\n')
      expect(two.text()).toContain('33 101\r\n')
      expect(two.text()).not.toContain('not-in-focus')
      one.send({ type: 'focus' })
      await eventually('the focus moves', () => one.focused() && !two.focused())
      one.send({ type: 'resize', cols: 44, rows: 11 })
      await eventually('the one in focus sets the size', () => two.seen.some((event) => event.type === 'size' && event.cols === 44))
      two.send({ type: 'answer', data: 'nobody-hears' })
      one.send({ type: 'answer', data: 'echo answered-$((2))\r' })
      await two.shows('answered-2\r\n')
      expect(two.text()).not.toContain('nobody-hears')
      one.close()
      await eventually('who is left gets the focus', () => two.focused())
      expect(two.seen.findLast((event) => event.type === 'focus')).toEqual({ type: 'focus', yours: true, viewers: 1 })
      two.close()
      await screen.call('terminal_close', { terminal: id })
    })

    it('takes a paste of a megabyte, with characters of any length, whole', async () => {
      const { id } = await open()
      const view = viewTerminal(screen, id)
      await view.shows(/[$#] $/)
      const lines = Array.from({ length: 13_000 }, (_, n) => `${n} ${'räksmörgås 🦐 '.repeat(4)}`)
      const paste = `${lines.join('\n')}\n`
      expect(Buffer.byteLength(paste)).toBeGreaterThan(1_000_000)
      const saved = house.engine.call('exec', {
        thread: 'work',
        command: 'while [ ! -s /mnt/user-data/workspace/done ]; do sleep 0.1; done; cat /mnt/user-data/workspace/done',
        timeout: 100,
      })
      view.type('stty -echo; cat > /mnt/user-data/workspace/pasted; wc -l < /mnt/user-data/workspace/pasted > /mnt/user-data/workspace/done\r')
      // Only a program that reads keeps what is typed.
      await eventually('cat reads', async () => (await house.engine.call('exec', { thread: 'work', command: 'pgrep -x cat' })).exit_code === 0)
      for (let at = 0; at < paste.length; at += 500_000) view.type(paste.slice(at, at + 500_000))
      view.type('\u0004')
      expect((await saved).stdout).toBe('13000\n')
      const read = await house.engine.call('read', { thread: 'work', path: '/mnt/user-data/workspace/pasted' })
      expect(read.content === paste).toBe(true)
      await screen.call('terminal_close', { terminal: id })
    })

    it('a viewer that hangs does not hold up another for ever, and gets a fresh replay when it is back', async () => {
      const { id } = await open()
      const hung = viewTerminal(other, id)
      const view = viewTerminal(screen, id)
      await hung.shows(/[$#] $/)
      hung.hang(true)
      const before = performance.now()
      view.type('head -c 3000000 /dev/zero | tr "\\0" "x" | fold -w 90; echo all-$((3))-there\r')
      await view.shows('all-3-there', 60_000)
      expect(performance.now() - before).toBeGreaterThan(4000)
      expect(hung.text()).not.toContain('all-3-there')
      hung.hang(false)
      await hung.shows('all-3-there')
      expect(hung.seen.filter((event) => event.type === 'replay').length).toBe(2)
      expect(hung.seen.findLast((event) => event.type === 'replay')).toMatchObject({ cut: true })
      expect(hung.text().length).toBeLessThan(500_000)
      await screen.call('terminal_close', { terminal: id })
    })

    it('shows the end of its shell, keeps its last words, and is put away', async () => {
      const { id } = await open()
      const view = viewTerminal(screen, id)
      await view.shows(/[$#] $/)
      view.type('echo last-$((7)); exit\r')
      expect(await view.ended()).toBe('Its shell has ended')
      const again = viewTerminal(other, id)
      await again.shows('last-7')
      expect(await again.ended()).toBe('Its shell has ended')
      expect(await screen.call('terminal_close', { terminal: id })).toEqual({ closed: true })
      expect(await screen.call('terminal_close', { terminal: id })).toEqual({ closed: false })
    })

    it('a closed one takes what runs in it along', async () => {
      const { id } = await open()
      const view = viewTerminal(screen, id)
      await view.shows(/[$#] $/)
      view.type('sleep 4321\r')
      const runs = async () => (await house.engine.call('exec', { thread: 'work', command: 'pgrep -f "[s]leep 4321"' })).exit_code === 0
      await eventually('it runs', runs)
      await screen.call('terminal_close', { terminal: id })
      await eventually('it is gone', async () => !(await runs()))
    })

    it('there are sixteen at most, each with the lowest free number; the state has them', async () => {
      const all = []
      for (let n = 0; n < 16; n += 1) all.push(await open())
      expect(all.map(({ title }) => title)).toEqual(all.map((_, n) => `Terminal ${n + 1}`))
      await expect(open()).rejects.toMatchObject({ code: 'BAD_INPUT' })
      await screen.call('terminal_close', { terminal: all[4]!.id })
      expect(await open()).toMatchObject({ title: 'Terminal 5' })
      expect(Object.values((await stateOf(screen)).sandboxes)[0]?.terminals).toHaveLength(16)
    })

    it('ends, with the reason, when the sandbox does, and is not in the next one of that thread', async () => {
      await house.engine.call('acquire', { thread: 'short' })
      const { id } = await screen.call('terminal_open', { thread: 'short' })
      const view = viewTerminal(screen, id)
      await view.shows(/[$#] $/)
      await house.engine.call('destroy', { thread: 'short' })
      expect(await view.ended()).toMatch(/destroyed|ended/i)
      await expect(screen.call('terminal_open', { thread: 'short' })).rejects.toMatchObject({ code: 'SANDBOX_NOT_FOUND' })
      await eventually('it is put away', async () => !(await screen.call('terminal_close', { terminal: id })).closed)
    })

    it('calls that name a sandbox by its id are told by its thread, also once it is gone', async () => {
      const { id: sandbox } = await house.engine.call('acquire', { thread: 'named' })
      await screen.call('terminal_open', { id: sandbox })
      await screen.call('destroy', { id: sandbox })
      const told: [string, string | null][] = []
      const calls = screen.subscribe(
        'calls',
        {},
        { event: (batch) => void told.push(...batch.calls.map(({ call, sandbox: of }): [string, string | null] => [call, of])), end: () => undefined },
      )
      await eventually('they are told', () => told.some(([call]) => call === 'destroy'))
      calls.close()
      expect(told.slice(-2)).toEqual([
        ['terminal_open', 'named'],
        ['destroy', 'named'],
      ])
    })

    if (backend === 'docker')
      it('a glance at files neither wakes a paused sandbox nor keeps one from its pause; asking for them does', async () => {
        const { id } = await house.engine.call('acquire', { thread: 'asleep', holder: 'me' })
        await house.engine.call('write', { id, path: '/mnt/user-data/workspace/a', content: 'a' })
        await house.engine.call('release', { id, holder: 'me' })
        const status = async () => (await house.engine.call('get', { id })).status
        const glance = () =>
          screen.call('files', { id, glance: true }).then(
            ({ files }) => files.map(({ name }) => name),
            (error: unknown) => (error as { code: string }).code,
          )
        let seen: string | string[] = []
        await eventually(
          'it is paused while somebody glances',
          async () => {
            seen = await glance()
            return (await status()) === 'paused'
          },
          { every: 200 },
        )
        expect([await glance(), await status()]).toEqual(['SANDBOX_PAUSED', 'paused'])
        expect([['a'], 'SANDBOX_PAUSED']).toContainEqual(seen)
        expect((await screen.call('files', { id })).files.map(({ name }) => name)).toEqual(['a'])
        expect(await status()).toBe('warm')
      })
  })
}
