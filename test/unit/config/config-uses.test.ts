import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../../main/base/clock.ts'
import { configHash } from '../../../main/house/config/config-hash.ts'
import { describeConfig } from '../../../main/house/config/describe-config.ts'
import { loadConfig, readConfig } from '../../../main/house/config/load-config.ts'
import { redact } from '../../../main/house/config/settle.ts'
import { watchConfig, type ConfigWatch } from '../../../main/house/config/watch-config.ts'
import { tempDir, type TempDir } from '../../support/temp-dir.ts'
import { eventually } from '../../support/wait.ts'

const read = (text: string, env: Record<string, string> = {}) => readConfig(text, '/x/config.yaml', env)

describe('secrets', () => {
  const loaded = read('provisioner_url: http://x:p%40ssw0rd@host:8002\nenvironment: {A: $LONG, S: $SHORT, MY_KEY: literal, LANG: C.UTF-8}', {
    LONG: 'a "quoted" value',
    SHORT: 'xy',
  })
  it('are in no answer of the config call', () => {
    const text = JSON.stringify(describeConfig(loaded, null))
    for (const secret of ['quoted', '"xy"', 'literal', 'p%40ssw0rd', 'p@ssw0rd']) expect(text).not.toContain(secret)
    const rows = describeConfig(loaded, null).values
    expect(rows.find((row) => row.key === 'environment.LANG')).toEqual({ key: 'environment.LANG', value: 'C.UTF-8', default: null, source: 'file' })
    expect(rows.find((row) => row.key === 'replicas')).toEqual({ key: 'replicas', value: 3, default: 3, source: 'default' })
  })

  it('the provisioner’s key is one, as a variable or as it stands, however short', () => {
    for (const [text, key] of [
      ['provisioner_api_key: $FAR', 'k3y-of-far'],
      ['sandbox: {provisioner_api_key: k3y}', 'k3y'],
    ] as const) {
      const its = read(text, { FAR: 'k3y-of-far' })
      expect(its.config.provisioner_api_key).toBe(key)
      expect(its.secrets).toContain(key)
      expect(JSON.stringify(describeConfig(its, null))).not.toContain(key)
    }
  })

  it('are taken out of texts in every form, whole, and nothing else is', () => {
    expect(redact(`log: a "quoted" value, ${JSON.stringify({ v: 'a "quoted" value' })} xy`, loaded.secrets)).toBe('log: [secret], {"v":"[secret]"} xy')
    expect(redact('/?q=a%20%22quoted%22%20value', loaded.secrets)).toBe('/?q=[secret]')
    expect(redact('abcdefgh-more', ['abcdefgh', 'abcdefgh-more'])).toBe('[secret]')
  })
})

describe('configHash', () => {
  const context = { secret: 'ab'.repeat(32), version: '1', overrides: read('').overrides }
  const hash = (text: string, more = {}) => configHash(read(text).config, { ...context, ...more })
  it('changes with what makes a sandbox another one, and with nothing else', () => {
    const base = hash('environment: {A: "1", B: "2"}')
    expect(hash('environment: {B: "2", A: "1"}\nreplicas: 9\nidle_timeout: 1\nport: 9000\non_exit: keep')).toBe(base)
    const others = [
      hash('environment: {A: "1", B: "3"}'),
      hash('environment: {A: "1", B: "2"}\nimage: other'),
      hash('environment: {A: "1", B: "2"}\nresources: {memory: 1g}'),
      hash('environment: {A: "1", B: "2"}', { version: '2' }),
      hash('environment: {A: "1", B: "2"}', { secret: 'cd'.repeat(32) }),
      hash('environment: {A: "1", B: "2"}\nskills: {path: /s}'),
      hash('environment: {A: "1", B: "2"}\nmounts: [{host_path: /a, container_path: /b}]'),
    ]
    expect(new Set([base, ...others]).size).toBe(others.length + 1)
  })
})

describe('watchConfig', () => {
  let temp: TempDir
  let watching: ConfigWatch | null = null
  beforeAll(async () => {
    temp = await tempDir('watch')
  })
  afterEach(() => watching?.close())
  afterAll(() => temp.remove())

  async function start(home: string) {
    const from = { env: {}, home }
    const changes: number[] = []
    const errors: string[] = []
    watching = watchConfig(await loadConfig(from), {
      ...from,
      clock: systemClock(),
      onChange: (now) => changes.push(now.config.replicas),
      onError: (error) => errors.push(error.message),
    })
    return { watch: watching, changes, errors }
  }

  it('takes an edit, a rename over it, a file that appears and one that goes', async () => {
    const home = join(temp.path, 'a')
    await mkdir(home)
    const { watch, changes } = await start(home)
    const path = join(home, 'config.yaml')
    await writeFile(path, 'replicas: 4')
    await eventually('appeared', () => watch.current().config.replicas === 4)
    await writeFile(path, 'replicas: 5')
    await eventually('edited', () => watch.current().config.replicas === 5)
    await writeFile(`${path}~`, 'replicas: 6')
    await rename(`${path}~`, path)
    await eventually('renamed over', () => watch.current().config.replicas === 6)
    await rm(path)
    await eventually('gone', () => watch.current().config.replicas === 3)
    expect(changes).toEqual([4, 5, 6, 3])
  })

  it('keeps the last good one through a bad edit, and says so once', async () => {
    const home = join(temp.path, 'b')
    await mkdir(home)
    await writeFile(join(home, 'config.yaml'), 'replicas: 4')
    const { watch, changes, errors } = await start(home)
    await writeFile(join(home, 'config.yaml'), 'replicas: [')
    await eventually('refused', () => watch.error() !== null)
    expect([watch.current().config.replicas, errors.length, changes]).toEqual([4, 1, []])
    expect(describeConfig(watch.current(), watch.error()).error).toContain(':1:')
    await writeFile(join(home, 'config.yaml'), 'replicas: 7')
    await eventually('corrected', () => watch.error() === null && watch.current().config.replicas === 7)
  })

  it('sees a file behind a symbolic link, of which no event tells', async () => {
    const home = join(temp.path, 'c')
    await mkdir(home)
    await writeFile(join(temp.path, 'real.yaml'), 'replicas: 4')
    await symlink(join(temp.path, 'real.yaml'), join(home, 'config.yaml'))
    const { watch } = await start(home)
    await writeFile(join(temp.path, 'real.yaml'), 'replicas: 8')
    await eventually('read at start', () => watch.current().config.replicas === 8)
    await writeFile(join(temp.path, 'real.yaml'), 'replicas: 9')
    await eventually('polled', () => watch.current().config.replicas === 9)
  })
})
