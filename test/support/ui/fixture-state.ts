import type { House, HouseState, SandboxRow, SlotRow } from '../../../shared/state.ts'
import { sandboxRow } from './sandbox-row.ts'

/** What the fixture's engine takes for now. Everything else is counted from it. */
export const fixtureNow = Date.parse('2026-11-25T14:32:07.000Z')

/** So many seconds before (or, negative, after) now. */
export function ago(seconds: number): string {
  return new Date(fixtureNow - seconds * 1000).toISOString()
}

const minute = 60
const hour = 3600

export const fixtureHouse: House = {
  version: '0.1.0',
  instance: 'fixture-1',
  pid: 4242,
  started_at: ago(5 * hour),
  home: '/home/dev/.berth',
  url: 'http://127.0.0.1:7878',
  sandbox_port: 7879,
  token_file: '/home/dev/.berth/token',
  command: ['/home/dev/berth/bin/berth.mjs'],
  home_option: [],
  platform: 'linux',
  backend: {
    kind: 'docker',
    chosen: 'auto',
    reason: 'The local socket answers',
    isolation: 'container',
    reachable: true,
    engine: 'Docker 28.4.0, local socket',
    problem: null,
    fixes: [],
    better: null,
  },
  image: {
    name: 'agent-infra/sandbox:1.11.0',
    present: false,
    problem: null,
    since: ago(41),
    progress: { type: 'progress', step: 'image-pull', text: 'Pulling image', done: 784_334_848, total: 1_262_485_504 },
    layers: [
      { id: '4f2a81c09e1d', step: 'done', done: 31_457_280, total: 31_457_280 },
      { id: 'a91b77d0c35e', step: 'extracting', done: 215_000_000, total: 268_435_456 },
      { id: '0d8e61f4b2aa', step: 'downloading', done: 462_000_000, total: 730_000_000 },
      { id: '77c19ab3e5d2', step: 'waiting', done: 0, total: 232_592_768 },
    ],
  },
  replicas: 8,
  counted: 8,
  capacity_mode: 'soft',
  waiting: 0,
  idle_timeout: 600,
  next: {
    acquire: { kind: 'evicts', slot: true, who: [{ id: '2b6f94d85c7e90ab', user: 'default', thread: 'translate-faq-de' }] },
    reap: { id: '2b6f94d85c7e90ab', user: 'default', thread: 'translate-faq-de', at: ago(-58) },
  },
  spares: { wanted: 2, slots: [slot(1, 41 * minute), slot(2, 14 * minute)], off: null },
  on_exit: 'destroy',
  config: { file: '/home/dev/.berth/config.yaml', error: null },
  warnings: [],
  shutting_down: false,
  last_event: {
    seq: 812,
    at: ago(0),
    type: 'command.started',
    who: 'ci-runner',
    sandbox: 'b7d01f3e5c7e90ab',
    user: 'default',
    thread: 'etl-backfill-2026-q3',
    text: 'ci-runner started a command in etl-backfill-2026-q3',
  },
  now: new Date(fixtureNow).toISOString(),
}

function slot(n: number, age: number): SlotRow {
  return { name: `Slot ${n}`, state: 'ready', image: 'berth-lite:0.4', created_at: ago(age) }
}

/** A sandbox with what differs from a plain active one. */
export function fixtureSandbox(id: string, thread: string | null, rest: Partial<SandboxRow> & { age: number; holders?: SandboxRow['holders'] }): SandboxRow {
  const { age, ...over } = rest
  return sandboxRow(id, thread, ago(age), {
    name: `berth-${id}`,
    container: `${id}9c4e10d2`.repeat(4),
    last_activity_at: ago(20),
    since: over.last_activity_at ?? ago(age),
    ...over,
  })
}

function held(...holders: string[]): SandboxRow['holders'] {
  return holders.map((holder, at) => ({ holder, since: ago(14 * minute - at * 90) }))
}

function running(id: string, command: string, who: string, seconds: number): SandboxRow['commands'] {
  return [{ id, command, who, since: ago(seconds) }]
}

const list: readonly SandboxRow[] = [
  fixtureSandbox('9e01c4aa5c7e90ab', 'invoice-ocr', {
    age: 2 * minute,
    status: 'failed',
    holders: [],
    error: {
      code: 'NOT_READY',
      message: 'Not ready after 60 s',
      next: 'The port answers, but /v1/sandbox says 502: build the image anew with `docker build -t invoice-sandbox:3 .` or give it more time by `ready_timeout`.',
      retry: true,
      cause: 'GET /v1/sandbox: 502 Bad Gateway',
      details: { log: ['2026-11-23T14:31:06Z server listening on 8080', '2026-11-23T14:32:06Z upstream closed'] },
    },
  }),
  fixtureSandbox('3fa2b9d15c7e90ab', 'pricing-research', {
    age: 14 * minute,
    holders: held('deer-flow'),
    commands: running('c1', 'pytest -q tests/ --maxfail=1', 'deer-flow', 38),
    finished: [
      { id: 'f1', command: 'pip install -r requirements.txt', who: 'deer-flow', since: ago(220), ended_at: ago(184), exit_code: 0 },
      { id: 'f2', command: 'python scrape.py --site shop.example', who: 'deer-flow', since: ago(420), ended_at: ago(300), exit_code: 1 },
      { id: 'f3', command: 'ls -la /mnt/user-data/uploads', who: 'deer-flow', since: ago(500), ended_at: ago(500), exit_code: 0 },
    ],
    terminals: [{ id: 't1', sandbox: '3fa2b9d15c7e90ab', title: 'Terminal 1', created_at: ago(300), cols: 120, rows: 32, ended: null }],
  }),
  fixtureSandbox('0c2e6a1b5c7e90ab', '0c2e6a1b-88d4-4f0e-9a57-31b20c7f6c3e', {
    age: 32 * minute,
    image: 'agent-infra/sandbox:1.10.0',
    holders: held('deer-flow'),
    commands: running('c2', 'node render.mjs --all', 'deer-flow', 664),
  }),
  fixtureSandbox('b7d01f3e5c7e90ab', 'etl-backfill-2026-q3', {
    age: 2 * hour + 14 * minute,
    holders: held('ci-runner'),
    commands: running('c3', 'python backfill.py --from 2026-07-01 --to 2026-09-30', 'ci-runner', hour + 52 * minute),
  }),
  fixtureSandbox('51ce08b75c7e90ab', 'fix-login-redirect', {
    age: hour + 6 * minute,
    holders: held('coder-mcp', 'session:me'),
    expires_at: ago(-527),
    last_activity_at: ago(73),
  }),
  fixtureSandbox('e24a77105c7e90ab', 'ci-flake-hunt', {
    age: 41,
    status: 'creating',
    image: 'agent-infra/sandbox:1.11.0',
    holders: held('ci-runner'),
    container: null,
    step: 'Pulling image',
  }),
  fixtureSandbox('7d10ca525c7e90ab', 'release-notes-draft', { age: 41 * minute, status: 'warm', expires_at: ago(-492), last_activity_at: ago(108) }),
  fixtureSandbox('c9813be05c7e90ab', 'docs-crawl', { age: 52 * minute, status: 'warm', expires_at: ago(-167), last_activity_at: ago(433) }),
  fixtureSandbox('2b6f94d85c7e90ab', 'translate-faq-de', { age: hour + 22 * minute, status: 'paused', expires_at: ago(-58), last_activity_at: ago(542) }),
]

export const fixtureState: HouseState = {
  house: fixtureHouse,
  sandboxes: Object.fromEntries(list.map((row) => [row.id, row])),
  sessions: {
    s1: { id: 's1', agent: 'Chromium 150 on Linux', created_at: ago(3 * hour), last_seen_at: ago(0), connected: true },
    s2: { id: 's2', agent: 'Firefox 141 on macOS', created_at: ago(50 * hour), last_seen_at: ago(26 * hour), connected: false },
  },
}
