import { describe, expect, it } from 'vitest'
import { contractId } from '../../../main/calls/rpc/contract-hash.ts'
import { portPlan } from '../../../main/doors/client/port.ts'
import {
  type EngineState,
  judgeAbsent,
  judgeBerth,
  judgeHome,
  judgeLeftovers,
  judgePorts,
  judgeSecret,
  type Labelled,
  type PortSight,
} from '../../../main/doctor/checks/home.ts'
import { judgeClock, judgeIsolation, judgeNode, judgeSpace } from '../../../main/doctor/checks/computer.ts'
import { judgeForeign, judgeLite, judgePlaces } from '../../../main/doctor/checks/container-engine.ts'
import { bad, ok, skip, together, warn } from '../../../main/doctor/finding.ts'
import { shellWord } from '../../../shared/shell-quote.ts'
import type { FileSight } from '../../../main/doctor/home-sight.ts'

const gib = 1024 ** 3
const directory: FileSight = { uid: 1000, gid: 1000, mode: 0o700, dev: 1, kind: 'directory' }

describe('disk', () => {
  it.each([
    [{ bytes: 50 * gib, inodes: 900_000, allInodes: 1_000_000 }, 'ok', '50 GiB and 90 %'],
    [{ bytes: 1.5 * gib, inodes: 900_000, allInodes: 1_000_000 }, 'warn', '1.5 GiB'],
    [{ bytes: 50 * gib, inodes: 40_000, allInodes: 1_000_000 }, 'warn', '4 %'],
    [{ bytes: 0, inodes: 900_000, allInodes: 1_000_000 }, 'fail', 'too little'],
    [{ bytes: 50 * gib, inodes: 0, allInodes: 1_000_000 }, 'fail', '0 %'],
    [{ bytes: 50 * gib, inodes: 0, allInodes: 0 }, 'ok', '50 GiB free'],
  ])('%o: %s', (space, status, text) => {
    expect(judgeSpace('The disk', space, 'make room')).toMatchObject({ status, text: expect.stringContaining(text) })
  })
})

describe('ports', () => {
  const free: PortSight = { port: 7878, taken: false, owner: null, answers: null }
  const taken: PortSight = {
    port: 7878,
    taken: true,
    owner: { pid: 42, command: 'python3 -m http.server' },
    answers: { who: 'other', reason: 'It is not Berth' },
  }
  const kept = portPlan({ configured: null, kept: 7878 })
  it('a kept port that another program has is a failure that names it', () => {
    expect(judgePorts(kept, [taken], 1)).toMatchObject({
      status: 'fail',
      text: expect.stringContaining('pid 42 (python3 -m http.server)'),
      fix: expect.stringContaining('kill 42'),
    })
  })
  it('our own Berth may have it', () => {
    const health = { status: 'ok', version: '1', contract: contractId(), instance: 'i' } as const
    expect(judgePorts(kept, [{ ...taken, answers: { who: 'ours', health } }], 1).status).toBe('ok')
  })
  it('another home’s Berth is told from a stranger', () => {
    const sight: PortSight = { ...taken, answers: { who: 'other', reason: 'It is the Berth of another home (instance i)' } }
    expect(judgePorts(kept, [sight], 1).text).toContain('the Berth of another home')
  })
  it('a first start takes the next one', () => {
    const first = portPlan({ configured: null, kept: null })
    expect(judgePorts(first, [taken, { ...free, port: 7879 }], 1)).toMatchObject({ status: 'ok', text: expect.stringContaining('takes 7879') })
  })
  it('a privileged port is refused before it is tried', () => {
    expect(judgePorts(portPlan({ configured: 80, kept: null }), [{ ...free, port: 80 }], 1024)).toMatchObject({
      status: 'fail',
      fix: expect.stringContaining('bridge.port'),
    })
  })
})

describe('permissions', () => {
  const home = { dir: '/h' }
  it.each([
    [directory, 1000, 'ok', null],
    [{ ...directory, mode: 0o755 }, 1000, 'warn', 'chmod 0700 /h'],
    [{ ...directory, mode: 0o777 }, 1000, 'fail', 'chmod 0700 /h'],
    [{ ...directory, mode: 0o500 }, 1000, 'fail', 'chmod 0700 /h'],
    [directory, 1001, 'fail', 'sudo chown -R 1001 /h'],
    [directory, 0, 'warn', 'chown -R 0 /h'],
    [{ ...directory, kind: 'file' }, 1000, 'fail', 'BERTH_HOME'],
  ] as const)('%o as uid %i: %s', (facts, me, status, fix) => {
    expect(judgeHome(home, facts, me)).toMatchObject({ status, fix: fix === null ? null : expect.stringContaining(fix) })
  })
  it('a home that is not there yet is judged by where it would be', () => {
    const absent = { dir: '/a/b', error: 'ENOENT' }
    expect(judgeAbsent(absent, { path: '/a', error: '' }).status).toBe('ok')
    expect(judgeAbsent(absent, { path: '/a', error: 'missing' })).toMatchObject({ status: 'fail', fix: 'mkdir -p /a' })
    expect(judgeAbsent(absent, { path: '/a', error: 'not writable' })).toMatchObject({ status: 'fail', fix: expect.stringContaining('BERTH_HOME') })
    expect(judgeAbsent({ dir: '/a/b', error: 'EACCES' }, { path: '/a', error: '' }).status).toBe('fail')
  })
  it('a secret is a file of its owner', () => {
    const file: FileSight = { ...directory, kind: 'file', mode: 0o600 }
    const judge = (facts: FileSight | null, problem: string | null = null) => judgeSecret('token', '/h/token', { facts, error: facts ? '' : 'ENOENT' }, problem)
    expect(judge(file).status).toBe('ok')
    expect(judge(null).status).toBe('ok')
    expect(judge({ ...file, mode: 0o644 })).toMatchObject({ status: 'warn', fix: 'chmod 0600 /h/token' })
    expect(judge(file, 'it does not hold a token')).toMatchObject({ status: 'fail', fix: expect.stringContaining('rm /h/token') })
    expect(judge(file, 'EACCES')).toMatchObject({ status: 'fail', fix: expect.stringContaining('chown') })
    expect(judge({ ...file, kind: 'directory' }).status).toBe('fail')
  })
})

describe('isolation', () => {
  const works = { works: true, bwrap: '/usr/bin/bwrap', version: '0.8.0', userNamespace: true, host: {} as never } as const
  const broken = { works: false, reason: 'bubblewrap (bwrap) is not installed', fix: ['sudo apt-get install bubblewrap'], output: '' } as const
  const auto = { backend: 'auto', provisioner_url: null, embedded: { isolation: 'auto' } } as const
  const alone = { usedDocker: false, engineAnswers: false }
  it('is needed where sandboxes are processes', () => {
    expect(judgeIsolation(broken, auto, alone)).toMatchObject({ status: 'fail', fix: 'sudo apt-get install bubblewrap' })
    expect(judgeIsolation(broken, { ...auto, backend: 'embedded' }, { ...alone, engineAnswers: true }).status).toBe('fail')
  })
  it('is not where they are containers', () => {
    expect(judgeIsolation(broken, auto, { ...alone, engineAnswers: true })).toMatchObject({ status: 'skip', fix: null })
    expect(judgeIsolation(broken, auto, { ...alone, usedDocker: true }).status).toBe('skip')
  })
  it('none is never silent', () => {
    expect(judgeIsolation(works, { ...auto, embedded: { isolation: 'none' } }, alone)).toMatchObject({
      status: 'warn',
      text: expect.stringContaining('own rights'),
    })
  })
})

describe('image', () => {
  const lite = { reference: 'berth-lite:abc', present: false, outdated: false }
  it('absent, but to be had: a warning', () => {
    expect(judgeLite(lite, { local: 'berth-base:bookworm', network: null, debootstrap: null })).toMatchObject({
      status: 'warn',
      text: expect.stringContaining('berth-base:bookworm'),
    })
    expect(judgeLite({ ...lite, outdated: true }, { local: null, network: 'no route', debootstrap: null }).text).toMatch(/another version.*debootstrap/)
  })
  it('absent and not to be had: a failure with both reasons', () => {
    const found = judgeLite(lite, { local: null, network: 'no route', debootstrap: 'this needs root' })
    expect(found).toMatchObject({ status: 'fail', text: expect.stringMatching(/no route.*this needs root/), fix: expect.stringContaining('docker load') })
  })
  it('a foreign one is pulled or it is not', () => {
    expect(judgeForeign('x:1', true, null).status).toBe('ok')
    expect(judgeForeign('x:1', false, null)).toMatchObject({ status: 'warn', fix: 'docker pull x:1' })
    expect(judgeForeign('x:1', false, 'denied').status).toBe('fail')
  })
})

describe('late binding', () => {
  const home = { path: '/h', facts: directory }
  const judge = (facts: FileSight | null) => judgePlaces(home, [{ path: '/h/slots', facts }])
  it('wants plain directories of one volume', () => {
    expect(judge(directory)).toBeNull()
    expect(judge(null)).toBeNull()
    expect(judge({ ...directory, kind: 'link' })).toMatchObject({ status: 'warn', text: expect.stringContaining('symbolic link') })
    expect(judge({ ...directory, dev: 2 })).toMatchObject({ status: 'warn', text: expect.stringContaining('another volume') })
  })
})

describe('berth', () => {
  const file = {
    url: 'http://127.0.0.1:7878',
    pid: 42,
    port: 7878,
    token_file: '/h/token',
    instance: 'i',
    version: '0.1.0',
    started_at: '2026-01-01T00:00:00.000Z',
  }
  const health = { status: 'ok', version: '0.1.0', contract: contractId(), instance: 'i' } as const
  const state: EngineState = {
    file,
    problem: null,
    answers: { who: 'ours', health },
    alive: true,
    lockedBy: 42,
    ours: { version: '0.1.0', contract: contractId() },
  }
  const nobody = { who: 'nobody', reason: 'connect ECONNREFUSED' } as const
  it('runs', () => expect(judgeBerth(state)).toMatchObject({ status: 'ok', text: expect.stringContaining('pid 42') }))
  it('speaks another contract', () => {
    const other = { ...health, version: '9.0.0', contract: { version: 9, hash: 'x' } }
    expect(judgeBerth({ ...state, answers: { who: 'ours', health: other } })).toMatchObject({ status: 'fail', text: expect.stringMatching(/9\.0\.0.*0\.1\.0/) })
  })
  it('was killed', () =>
    expect(judgeBerth({ ...state, answers: nobody, alive: false, lockedBy: null })).toMatchObject({ status: 'warn', text: expect.stringContaining('stale') }))
  it('hangs', () => expect(judgeBerth({ ...state, answers: nobody })).toMatchObject({ status: 'fail', fix: expect.stringContaining('kill 42') }))
  it('gave its address to another program', () =>
    expect(judgeBerth({ ...state, answers: { who: 'other', reason: 'It is not Berth' } })).toMatchObject({
      status: 'warn',
      text: expect.stringContaining('It is not Berth'),
    }))
  it('starts just now', () =>
    expect(judgeBerth({ ...state, file: null, answers: null, lockedBy: 7 })).toMatchObject({ status: 'warn', text: expect.stringContaining('Process 7') }))
  it('was never started', () => expect(judgeBerth({ ...state, file: null, answers: null, alive: false, lockedBy: null }).status).toBe('ok'))
})

describe('leftovers', () => {
  const me = { installation: 'me', home: '/h' }
  const row = (home: string, there: string | null, installation = 'me'): Labelled => ({ name: `berth-of-${home.slice(1)}`, installation, home, there })
  it('only those of this installation whose home is gone are worth a warning', () => {
    expect(judgeLeftovers([row('/h', 'me'), row('/copy', 'me'), row('/far', null, 'other')], me)).toMatchObject({
      status: 'ok',
      text: '1 container of this home. 1 container of a copy of it. 1 container of other installations, 1 of them without a home that can be seen from here.',
    })
    expect(judgeLeftovers([row('/old', null)], me)).toMatchObject({ status: 'warn', fix: 'docker rm -f berth-of-old' })
  })
})

describe('clock and node', () => {
  const at = { now: 1_000_000, newest: 999_000, aheadMs: 20, platform: 'linux' } as const
  it('sees a clock that was set back, and a virtual machine that slept', () => {
    expect(judgeClock(at).status).toBe('ok')
    expect(judgeClock({ ...at, newest: 4_600_000 })).toMatchObject({ status: 'warn', text: expect.stringContaining('3600 s in the future') })
    expect(judgeClock({ ...at, aheadMs: -90_000, platform: 'darwin' })).toMatchObject({
      status: 'warn',
      text: expect.stringContaining('90 s behind'),
      fix: expect.stringContaining('Docker Desktop'),
    })
  })
  it('wants Node 24', () => {
    const node = { version: '24.0.0', path: '/node', electron: null, lite: '/node' }
    expect(judgeNode(node).status).toBe('ok')
    expect(judgeNode({ ...node, version: '20.1.0' })).toMatchObject({ status: 'fail', fix: expect.stringContaining('npm install') })
    expect(judgeNode({ ...node, lite: null }).status).toBe('warn')
  })
})

it('several findings about one thing: the worst status, and only what is wrong in the text', () => {
  expect(together([ok('a.'), skip('b.')])).toEqual(ok('a. b.'))
  expect(together([ok('a.'), warn('b.', 'x'), bad('c.', 'y'), warn('d.', 'x')])).toEqual(bad('b. c. d.', 'x\ny'))
})

it('a path becomes one word of a command', () => {
  expect(shellWord('/home/ada/.berth')).toBe('/home/ada/.berth')
  expect(shellWord("/home/it's mine")).toBe(String.raw`'/home/it'\''s mine'`)
})
