import { mkdir, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadConfig, readConfig } from '../../../main/house/config/load-config.ts'
import { BerthError } from '../../../shared/errors.ts'
import { tempDir, type TempDir } from '../../support/temp-dir.ts'

const file = '/etc-of-mine/config.yaml'
const read = (text: string, env: Record<string, string> = {}) => readConfig(text, file, env)

function refusal(text: string, env: Record<string, string> = {}): BerthError {
  try {
    read(text, env)
  } catch (error) {
    if (error instanceof BerthError) return error
    throw error
  }
  throw new Error('it was accepted')
}

describe('a deer-flow file, as it is', () => {
  const text = `
config_version: 5
models:
  - name: gpt
    api_key: $OPENAI_API_KEY
tools:
  - name: web_search
skills:
  container_path: /mnt/s
  deferred_discovery: true
sandbox:
  use: deerflow.community.aio_sandbox:AioSandboxProvider
  image: example/all-in-one-sandbox:1.11.0
  port: 8090
  container_prefix: deer-flow-sandbox
  idle_timeout: 0
  replicas: 0
  mounts:
    - host_path: ./data
      container_path: /mnt/data
      read_only: yes
    - host_path: ~/more
      container_path: /mnt/more
  environment:
    TOKEN: $MY_TOKEN
    PORT: 8080
    DEBUG: yes
    PRICE: $$5
`
  it('means the same, and a variable that only deer-flow needs may be unset', () => {
    const { config, warnings, secrets, sources } = read(text, { MY_TOKEN: 'tok-123456' })
    expect(config).toMatchObject({
      image: 'example/all-in-one-sandbox:1.11.0',
      port: 8090,
      container_prefix: 'deer-flow-sandbox',
      idle_timeout: 0,
      replicas: 0,
      mounts: [
        { host_path: '/etc-of-mine/data', container_path: '/mnt/data', read_only: true },
        { host_path: join(homedir(), 'more'), container_path: '/mnt/more', read_only: false },
      ],
      environment: { TOKEN: 'tok-123456', PORT: '8080', DEBUG: 'yes', PRICE: '$5' },
      skills: { path: '/etc-of-mine/skills', container_path: '/mnt/s' },
    })
    expect(warnings).toEqual([expect.stringContaining('config_version, models, tools')])
    expect(secrets).toEqual(['tok-123456'])
    expect([sources['port'], sources['backend'], sources['skills.container_path']]).toEqual(['file', 'default', 'file'])
  })

  it('has empty values that mean the default', () => {
    const { config, sources } = read('sandbox: {image: "", port: 0, container_prefix: "", provisioner_url: "", mounts: }')
    expect(config).toMatchObject({ image: 'berth-lite', port: null, container_prefix: 'berth', provisioner_url: null, mounts: [] })
    expect(sources['image']).toBe('default')
  })

  it('still tells of a mistyped key, and of one that promises what Berth does not do', () => {
    const { warnings } = read('models: []\nsandbx: {}\nskils: {}\nsandbox:\n  replica: 4\n  network: {mode: isolated}\n')
    expect(warnings).toEqual([
      expect.stringMatching(/:3:\d+: .*`skils`.*`skills`/),
      expect.stringMatching(/:5:\d+: .*`sandbox.replica`.*`replicas`/),
      expect.stringMatching(/:6:\d+: .*`sandbox.network`/),
      expect.stringContaining('models, sandbx'),
    ])
  })
})

describe('keys', () => {
  it('of Berth stand at the top or inside sandbox, and together', () => {
    const { config } = read('capacity: {mode: queue}\nsandbox:\n  capacity: {acquire_timeout: 5}\n  on_exit: keep\nresources: {pids: null, memory: 512m}')
    expect(config).toMatchObject({ capacity: { mode: 'queue', acquire_timeout: 5 }, on_exit: 'keep', resources: { pids: null, memory: '512m' } })
    expect(read('').config.resources.pids).toBe(4096)
    expect(read('replicas: 4\nsandbox: {replicas: 4}').config.replicas).toBe(4)
  })

  it('with two values are refused, naming both places', () => {
    expect(refusal('replicas: 4\nsandbox:\n  replicas: 5\n')).toMatchObject({
      code: 'BAD_CONFIG',
      message: expect.stringMatching(/:3:13: .*`sandbox.replicas`.*`replicas` \(line 1\)/),
    })
  })

  it('that nobody knows are warned of, with their line', () => {
    const { warnings, config } = read('# mine\nreplicas: 2\nbogus: 1\nsandbox:\n  replica: 3')
    expect(config.replicas).toBe(2)
    expect(warnings).toEqual([expect.stringMatching(/:3:8: .*`bogus`/), expect.stringMatching(/:5:12: .*`sandbox.replica`.*`replicas`/)])
  })

  it.each([
    ['mounts:\n  - {host_path: /a, container_path: /b, readonly: true}', /:2:\d+: .*`mounts.0.readonly`; is `read_only` meant/],
    ['sandbox:\n  mounts: [{host_path: /a, container_path: /b, readOnly: true}]', /`sandbox.mounts.0.readOnly`; is `read_only` meant/],
    ['mounts: [{host_path: /a, container_path: /b, ro: true}]', /`read_only` meant/],
    ['mounts: [{host_path: /a, container_path: /b, mode: ro}]', /`read_only` meant/],
    ['mounts: [{source: /a, target: /b}]', /`host_path` meant/],
    ['mounts: [{host_path: /a, container_path: /b, colour: red}]', /there is no `mounts.0.colour`$/],
    ['capacity: {mod: queue}', /:1:\d+: .*`capacity.mod`; is `mode` meant/],
    ['sandbox:\n  resources: {mem: 1g}', /`sandbox.resources.mem`; is `memory` meant/],
    ['bridge: {listn: []}', /`listen` meant/],
    ['x: &m {host_path: /a, container_path: /b, readonly: true}\nmounts: [*m]', /:1:\d+: .*`read_only` meant/],
  ])('that nobody knows are refused within a section or a mount: %j', (text, message) => {
    expect(refusal(text)).toMatchObject({ code: 'BAD_CONFIG', message: expect.stringMatching(message), next: expect.stringContaining('only') })
  })

  it("of deer-flow's own sections stay its own", () => {
    expect(
      read('models: []\nskills: {use: a, deferred_discovery: true}\nsandbox: {use: a, thread_data_mounts: true, ownership: {type: memory}}').config.replicas,
    ).toBe(3)
  })

  it('have their very letters by anchors, aliases and merges too, and errors their place', () => {
    const { config } = read(
      'x-env: &e { PY: 3.10, ZIP: 01234, DEBUG: yes, D: 2024-01-01, T: 12:30:45 }\nv: &v 3.10\nmore: &m {<<: *e, PY: 3.20}\nsandbox: { environment: { <<: [*m, {ZIP: 02}], PY2: 3.10, V: *v, Q: "3.10" } }',
    )
    expect(config.environment).toEqual({ PY: '3.20', ZIP: '01234', DEBUG: 'yes', D: '2024-01-01', T: '12:30:45', PY2: '3.10', V: '3.10', Q: '3.10' })
    expect(read('e: &e {A: 1.10}\nenvironment: *e').config.environment).toEqual({ A: '1.10' })
    expect(refusal('x: &b\n  port: many\nbridge: {<<: *b}')).toMatchObject({ message: expect.stringMatching(/:2:9: `bridge.port`/) })
  })
})

describe('errors', () => {
  it.each([
    ['replicas: -1', /:1:11: `replicas`: .*>=0/],
    ['\nsandbox:\n  port: [1]', /:3:9: `sandbox.port`: expected number, received array/],
    ['capacity:\n  mode: hard', /:2:9: `capacity.mode`: .*"soft"\|"queue"\|"reject"/],
    ['mounts:\n  - host_path: /a\n    container_path: b', /:3:21: `mounts.0.container_path`: container_path is absolute/],
    ['mounts:\n  - host_path: /a', /:2:5: `mounts.0.container_path`: expected string, received undefined/],
    ['environment:\n  A: [1]', /:2:6: `environment.A`: expected string/],
    ['resources:\n  memory: 5', /:2:11: `resources.memory`: a sandbox needs 32m or more/],
    ['resources: {memory: 16m}', /`resources.memory`: a sandbox needs 32m or more/],
    ['resources: {cpus: 0.001}', /`resources.cpus`: a sandbox needs 0.01 of a CPU or more/],
    ['sandbox: docker', /:1:10: `sandbox` is a section/],
    ['a: [', /:1:\d+: /],
    ['a: 1\na: 2', /:2:1: /],
    ['- 1', /:1:1: expected keys/],
    ['a: 1\n---\nb: 2', /:2:1: a second document/],
    ['a: &x [1,1]\nb: &y [*x,*x,*x,*x,*x,*x,*x,*x,*x]\nc: &z [*y,*y,*y,*y,*y,*y,*y,*y,*y]\nd: [*z,*z,*z,*z,*z,*z]', /alias/i],
  ])('%j says where and what', (text, message) => {
    expect(refusal(text)).toMatchObject({ code: 'BAD_CONFIG', message: expect.stringMatching(message) })
  })

  it('are counted and listed when there are several', () => {
    const error = refusal('replicas: x\nidle_timeout: y\n')
    expect(error.message).toContain('(and 1 more)')
    expect(error.details?.['errors']).toHaveLength(2)
  })
})

describe('variables', () => {
  it('fill in numbers and switches too, and an empty one means the default', () => {
    const text = 'port: $P\nimage: $I\nmounts:\n  - {host_path: $H, container_path: /b, read_only: $R}'
    const { config, secrets } = read(text, { P: '9000', I: '', H: '/h', R: 'true' })
    expect(config).toMatchObject({ port: 9000, image: 'berth-lite', mounts: [{ host_path: '/h', read_only: true }] })
    expect(secrets).toEqual([])
  })

  it('that are unset name key and variable', () => {
    expect(refusal('sandbox:\n  environment:\n    KEY: $NOT_THERE')).toMatchObject({
      message: expect.stringMatching(/:3:10: `sandbox.environment.KEY` wants the variable \$NOT_THERE/),
      details: { variable: 'NOT_THERE' },
    })
    expect(refusal('image: ${X}')).toMatchObject({ code: 'BAD_CONFIG', next: expect.stringContaining('$NAME') })
  })

  it('never come back in an error', () => {
    for (const text of ['port: $P', 'provisioner_url: [$P]', 'backend: $P', 'environment: {A: {B: $P}}', 'mounts: [$P]']) {
      const error = refusal(text, { P: 's3cret-value' })
      expect(JSON.stringify([error.message, error.next, error.details, String(error.cause)])).not.toContain('s3cret-value')
    }
  })
})

describe('the file', () => {
  let temp: TempDir
  beforeAll(async () => {
    temp = await tempDir('config')
  })
  afterAll(() => temp.remove())

  it('is the argument, else BERTH_CONFIG, else DEER_FLOW_CONFIG_PATH, else the one in the home', async () => {
    const put = async (name: string, replicas: number) => {
      await writeFile(join(temp.path, name), `replicas: ${replicas}`)
      return join(temp.path, name)
    }
    const [a, b, c] = [await put('a.yaml', 11), await put('b.yaml', 12), await put('c.yaml', 13)]
    const home = temp.path
    const replicas = async (from: { file?: string; env: Record<string, string> }) => (await loadConfig({ home, ...from })).config.replicas
    expect(await replicas({ env: {} })).toBe(3)
    await put('config.yaml', 14)
    expect(await replicas({ env: {} })).toBe(14)
    expect(await replicas({ env: { DEER_FLOW_CONFIG_PATH: c } })).toBe(13)
    expect(await replicas({ env: { DEER_FLOW_CONFIG_PATH: c, BERTH_CONFIG: b } })).toBe(12)
    expect(await replicas({ file: a, env: { BERTH_CONFIG: b } })).toBe(11)
  })

  it('that was named must be there and be one', async () => {
    const home = temp.path
    await expect(loadConfig({ home, env: { BERTH_CONFIG: join(home, 'nope') } })).rejects.toMatchObject({
      code: 'BAD_CONFIG',
      message: expect.stringContaining('BERTH_CONFIG'),
    })
    await mkdir(join(home, 'dir'))
    await expect(loadConfig({ home, env: {}, file: join(home, 'dir') })).rejects.toMatchObject({ code: 'BAD_CONFIG' })
    await expect(loadConfig({ home, env: {}, file: '/dev/zero' })).rejects.toMatchObject({ code: 'BAD_CONFIG' })
  })
})

describe('overrides', () => {
  it("are deer-flow's variables or Berth's, and must make sense", () => {
    expect(
      read('', {
        DEER_FLOW_HOST_BASE_DIR: '/a',
        BERTH_HOST_BASE_DIR: '/b',
        DEER_FLOW_HOST_SKILLS_PATH: 'D:\\s',
        DEER_FLOW_SANDBOX_HOST: 'host.docker.internal',
      }).overrides,
    ).toEqual({ hostBaseDir: '/b', hostSkillsPath: 'D:\\s', sandboxHost: 'host.docker.internal' })
    expect(refusal('', { BERTH_SANDBOX_HOST: 'http://x/' }).details).toEqual({ key: 'BERTH_SANDBOX_HOST' })
    expect(refusal('', { DEER_FLOW_HOST_BASE_DIR: 'rel' }).details).toEqual({ key: 'DEER_FLOW_HOST_BASE_DIR' })
  })
})
