import type { AllFixtureCalls, FixtureTopics } from './fixture-endpoint.ts'
import { ago, fixtureNow } from './fixture-state.ts'

const picture = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
const page = '<!doctype html>\n<title>Report</title>\n<script>document.title = 1</script>\n<p onclick="x()">Prices rose by 4%.</p>\n'

/** Canned answers, rich enough to look at every screen. A screen that needs more adds it here. */
export const fixtureCalls: AllFixtureCalls = {
  acquire: null,
  hint: null,
  get: null,
  list: null,
  rotate: null,
  exec: null,
  write: null,
  search: null,
  health: null,
  status: null,
  forget: null,
  token_revoke: null,
  ticket: null,
  image_prepare: null,
  image_cancel: null,
  image_remove: null,
  config_set: null,
  session_open: null,
  address_copy: null,
  switch_backend: null,
  diagnostics: null,
  events: null,
  logs: null,
  tokens: () => ({
    tokens: [
      { name: 'deer-flow', scope: 'agent', thread_prefix: null, user: null, created_at: ago(20 * 86_400), last_used_at: ago(2) },
      { name: 'ci-runner', scope: 'agent', thread_prefix: 'ci-', user: null, created_at: ago(6 * 86_400), last_used_at: ago(0) },
      { name: 'coder-mcp', scope: 'operator', thread_prefix: null, user: null, created_at: ago(3600), last_used_at: null },
    ],
  }),
  images: () => ({
    images: [
      {
        id: 'sha256:1c09',
        names: ['berth-lite:0.4'],
        bytes: 412_000_000,
        created_at: ago(9 * 86_400),
        current: true,
        used_by: ['3fa2b9d15c7e90ab', 'b7d01f3e5c7e90ab', '51ce08b75c7e90ab'],
      },
      {
        id: 'sha256:77fa',
        names: ['agent-infra/sandbox:1.10.0'],
        bytes: 1_190_000_000,
        created_at: ago(40 * 86_400),
        current: false,
        used_by: ['0c2e6a1b5c7e90ab'],
      },
      { id: 'sha256:02be', names: ['berth-lite:0.3'], bytes: 405_000_000, created_at: ago(70 * 86_400), current: false, used_by: [] },
    ],
  }),
  files: ({ path = '/mnt/user-data/workspace' }) => ({
    path,
    files: [
      { name: 'data', path: `${path}/data`, directory: true, size: null, modified_at: ago(500) },
      { name: 'tests', path: `${path}/tests`, directory: true, size: null, modified_at: ago(900) },
      { name: 'prices.csv', path: `${path}/prices.csv`, directory: false, size: 1_204_311, modified_at: ago(61) },
      { name: 'report.html', path: `${path}/report.html`, directory: false, size: 18_422, modified_at: ago(30) },
      { name: 'requirements.txt', path: `${path}/requirements.txt`, directory: false, size: 212, modified_at: ago(2400) },
      { name: 'scrape.py', path: `${path}/scrape.py`, directory: false, size: 4_811, modified_at: ago(300) },
      { name: 'chart.png', path: `${path}/chart.png`, directory: false, size: 70, modified_at: ago(90) },
      { name: 'invoice\u202egpj.exe', path: `${path}/invoice\u202egpj.exe`, directory: false, size: 9, modified_at: ago(3 * 86_400) },
      { name: 'crawl-2026-11-23.jsonl.gz', path: `${path}/crawl-2026-11-23.jsonl.gz`, directory: false, size: 19_293_798, modified_at: ago(4000) },
      { name: '.git', path: `${path}/.git`, directory: true, size: null, modified_at: ago(4000) },
    ],
  }),
  read: ({ path, encoding = 'utf-8' }) => {
    const content = path.endsWith('.png')
      ? atob(picture)
      : path.endsWith('.exe')
        ? 'MZ\0\u0001\u0002\0\0'
        : path.endsWith('.html')
          ? page
          : 'requests==2.32.3\nbeautifulsoup4==4.12.3\npandas==2.2.3\n'
    return { path, content: encoding === 'base64' ? btoa(content) : content, encoding, size: content.length }
  },
  details: () => ({
    mounts: [
      {
        host: '/home/dev/.berth/users/default/threads/pricing-research/user-data/workspace',
        container: '/mnt/user-data/workspace',
        mode: 'rw',
        kind: 'workspace',
        exists: true,
        bytes: 14_422_016,
        files: 214,
      },
      {
        host: '/home/dev/.berth/users/default/threads/pricing-research/user-data/uploads',
        container: '/mnt/user-data/uploads',
        mode: 'rw',
        kind: 'uploads',
        exists: true,
        bytes: 88_211,
        files: 3,
      },
      {
        host: '/home/dev/.berth/users/default/threads/pricing-research/user-data/outputs',
        container: '/mnt/user-data/outputs',
        mode: 'rw',
        kind: 'outputs',
        exists: true,
        bytes: 0,
        files: 0,
      },
      { host: '/home/dev/skills', container: '/mnt/skills', mode: 'ro', kind: 'skills', exists: true, bytes: null, files: null },
    ],
    limits: { memory: 1_610_612_736, cpus: 2, pids: 512 },
    image_id: 'sha256:1c0994e1',
    address: 'http://127.0.0.1:7879/s/3fa2b9d15c7e90ab/',
    isolation: [
      { name: 'Privileges', value: 'none, no new ones', weak: false },
      { name: 'System calls', value: "the engine's default filter", weak: false },
      { name: 'Network', value: 'its own, may reach the internet', weak: true },
    ],
    raw: { Id: '3fa2b9d19c4e10d2', State: { Status: 'running' } },
  }),
  config: () => ({
    file: '/home/dev/.berth/config.yaml',
    warnings: [],
    error: null,
    values: [
      { key: 'sandbox.replicas', value: 8, default: 3, source: 'file' },
      { key: 'sandbox.idle_timeout', value: 600, default: 600, source: 'default' },
      { key: 'sandbox.image', value: 'berth-lite', default: 'berth-lite', source: 'default' },
      { key: 'capacity.mode', value: 'soft', default: 'soft', source: 'default' },
      { key: 'resources.memory', value: '1536m', default: null, source: 'environment' },
      { key: 'resources.cpus', value: 2, default: null, source: 'file' },
      { key: 'on_exit', value: 'destroy', default: 'destroy', source: 'default' },
      { key: 'backend', value: 'auto', default: 'auto', source: 'default' },
    ],
  }),
  threads: () => ({
    threads: [
      { user: 'default', thread: 'pricing-research', path: '/home/dev/.berth/users/default/threads/pricing-research', bytes: 14_510_227, files: 217 },
      { user: 'default', thread: 'last-weeks-report', path: '/home/dev/.berth/users/default/threads/last-weeks-report', bytes: 4_215_000, files: 12 },
    ],
  }),
  terminal_open: ({ id = '3fa2b9d15c7e90ab', cols = 80, rows = 24 }, fixture) => {
    const row = fixture.state().sandboxes[id]
    const terminal = {
      id: `t${fixture.made.length}`,
      sandbox: id,
      title: `Terminal ${(row?.terminals.length ?? 0) + 1}`,
      created_at: new Date(fixtureNow).toISOString(),
      cols,
      rows,
      ended: null,
    }
    if (row) fixture.push([{ op: 'sandbox', value: { ...row, terminals: [...row.terminals, terminal] } }])
    return terminal
  },
  terminal_close: () => ({ closed: true }),
  release: ({ id = '' }, fixture) => {
    const row = fixture.state().sandboxes[id]
    if (row) fixture.push([{ op: 'sandbox', value: { ...row, status: 'warm', holders: [], commands: [], expires_at: ago(-600) } }])
    return { released: row !== undefined, sandbox: null }
  },
  destroy: ({ id = '' }, fixture) => {
    fixture.push([{ op: 'sandbox_gone', id }])
    return { destroyed: true }
  },
  dismiss: ({ id = '' }, fixture) => {
    fixture.push([{ op: 'sandbox_gone', id }])
    return { dismissed: true }
  },
  interrupt: () => ({ interrupted: true }),
  token_add: ({ name, scope = 'agent' }) => ({
    name,
    scope,
    thread_prefix: null,
    user: null,
    created_at: ago(0),
    last_used_at: null,
    token: `e2b_${'0123456789'.repeat(4)}`,
  }),
  session_end: ({ id }, fixture) => {
    fixture.push([{ op: 'session_gone', id }])
    return { ended: true }
  },
  rename_holder: ({ holder, name }, fixture) => {
    const rows = Object.values(fixture.state().sandboxes).filter((row) => row.holders.some((held) => held.holder === holder))
    fixture.push(
      rows.map((row) => ({ op: 'sandbox', value: { ...row, holders: row.holders.map((held) => (held.holder === holder ? { ...held, name } : held)) } })),
    )
    return { renamed: rows.length > 0 }
  },
  doctor: () => ({
    ok: true,
    checks: [
      { name: 'engine', status: 'ok', text: 'Docker 28.4.0 answers', fix: null },
      { name: 'disk', status: 'warn', text: '4% of the disk is free', fix: 'docker image prune' },
      { name: 'node', status: 'ok', text: 'Node 24', fix: null },
    ],
  }),
  login_link: () => ({ url: 'http://127.0.0.1:7878/#login=fixture-code', expires_at: ago(-300) }),
  token_copy: () => ({ token: 'e2b_fixture' }),
  retry: () => ({ reachable: false, problem: 'connection refused' }),
  shutdown: (_, fixture) => {
    const ids = Object.keys(fixture.state().sandboxes)
    fixture.push(ids.map((id) => ({ op: 'sandbox_gone' as const, id })))
    return { destroyed: ids, failed: [] }
  },
}

const wave = (n: number, base: number, swing: number) => Math.max(0, base + swing * Math.sin(n / 3) + (swing / 2) * Math.sin(n * 1.7))

export const fixtureTopics: FixtureTopics = {
  gauges: (_, send) =>
    send({
      samples: Array.from({ length: 60 }, (_, n) => ({
        at: ago((59 - n) * 2),
        sandboxes: {
          '3fa2b9d15c7e90ab': { cpu: wave(n, 60, 30), cpu_limit: 2, memory: 432_000_000 + n * 10_000, memory_limit: 1_610_612_736 },
          '0c2e6a1b5c7e90ab': { cpu: wave(n, 180, 10), cpu_limit: 2, memory: 1_406_000_000, memory_limit: 1_610_612_736 },
          b7d01f3e5c7e90ab: { cpu: wave(n, 120, 40), cpu_limit: 2, memory: 736_000_000, memory_limit: 1_610_612_736 },
          '51ce08b75c7e90ab': { cpu: wave(n, 2, 4), cpu_limit: 2, memory: 100_000_000, memory_limit: 1_610_612_736 },
          '7d10ca525c7e90ab': { cpu: 0, cpu_limit: 2, memory: 92_274_688, memory_limit: 1_610_612_736 },
          c9813be05c7e90ab: { cpu: 0, cpu_limit: 2, memory: 149_946_368, memory_limit: 1_610_612_736 },
          '2b6f94d85c7e90ab': { cpu: null, cpu_limit: 2, memory: 82_837_504, memory_limit: 1_610_612_736 },
        },
      })),
    }),
  stats: (_, send) =>
    send({
      samples: Array.from({ length: 180 }, (_, n) => ({
        at: ago(179 - n),
        cpu: n > 90 && n < 100 ? null : wave(n, 60, 30),
        cpu_limit: 2,
        memory: 400_000_000 + n * 300_000,
        memory_limit: 1_610_612_736,
        pids: 12,
        net_in: n * 12_000,
        net_out: n * 3000,
        disk_read: n * 40_000,
        disk_written: n * 9000,
      })),
    }),
  logs: (_, send) =>
    send({
      type: 'lines',
      dropped: 0,
      lines: Array.from({ length: 120 }, (_, n) => ({
        n: n + 1,
        at: ago(120 - n),
        text:
          n === 108
            ? '\u001b[1;31mERROR\u001b[0m worker: \u001b[33mshop.example\u001b[0m gave up after \u001b[4m3 tries\u001b[0m'
            : n % 17 === 3
              ? `WARN retry ${n} of fetch https://shop.example/p/${n}`
              : `INFO worker: page ${n} parsed in ${20 + ((n * 7) % 90)} ms`,
      })),
    }),
  terminal: (_, send) => {
    send({
      type: 'replay',
      data: '\u001b[32magent@3fa2b9d1\u001b[0m:\u001b[34m~/workspace\u001b[0m$ pytest -q tests/ --maxfail=1\r\n...............\u001b[31mF\u001b[0m\r\n',
      cols: 120,
      rows: 32,
      cut: false,
    })
    send({ type: 'focus', yours: true, viewers: 1 })
  },
  events: (_, send) =>
    send({
      dropped: 0,
      events: [
        {
          seq: 801,
          at: ago(900),
          type: 'sandbox.active',
          who: 'deer-flow',
          sandbox: '3fa2b9d15c7e90ab',
          user: 'default',
          thread: 'pricing-research',
          text: 'deer-flow got pricing-research, from a slot',
          details: { path: 'slot', ms: 212 },
        },
        {
          seq: 806,
          at: ago(433),
          type: 'sandbox.warm',
          who: 'client:ci-runner',
          sandbox: 'c9813be05c7e90ab',
          user: 'default',
          thread: 'docs-crawl',
          text: 'ci-runner released docs-crawl',
        },
        {
          seq: 809,
          at: ago(120),
          type: 'sandbox.failed',
          who: 'berth:provider',
          sandbox: '9e01c4aa5c7e90ab',
          user: 'default',
          thread: 'invoice-ocr',
          text: 'invoice-ocr was not ready after 60 s',
        },
        {
          seq: 812,
          at: ago(0),
          type: 'command.started',
          who: 'ci-runner',
          sandbox: 'b7d01f3e5c7e90ab',
          user: 'default',
          thread: 'etl-backfill-2026-q3',
          text: 'ci-runner started a command in etl-backfill-2026-q3',
        },
      ],
    }),
  calls: (_, send) =>
    send({
      dropped: 0,
      calls: [
        { seq: 1, at: ago(61), client: 'deer-flow', transport: 'http', call: 'acquire', sandbox: '3fa2b9d15c7e90ab', ms: 212, error: null },
        { seq: 2, at: ago(31), client: 'ci-runner', transport: 'mcp', call: 'exec', sandbox: 'b7d01f3e5c7e90ab', ms: 3.9, error: null },
        { seq: 3, at: ago(4), client: 'coder-mcp', transport: 'http', call: 'read', sandbox: '51ce08b75c7e90ab', ms: 12, error: 'FILE_NOT_FOUND' },
      ],
    }),
}
