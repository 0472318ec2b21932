import type { HouseState, SandboxRow } from '../../../shared/state.ts'
import { ago, fixtureHouse, fixtureSandbox, fixtureState } from './fixture-state.ts'

const nothing = { sandboxes: {}, sessions: fixtureState.sessions }
const image = { name: 'berth-lite:0.4', present: true, progress: null, layers: [], since: null, problem: null }

/** States of an engine that a screen has an answer for, by name: `--fixture NAME` of shoot.ts. */
export const fixtureStates: Readonly<Record<string, HouseState>> = {
  house: fixtureState,
  /** First run: an engine, and nothing on it. */
  empty: {
    house: { ...fixtureHouse, image, counted: 0, spares: { wanted: 1, slots: fixtureHouse.spares.slots.slice(0, 1), off: null }, last_event: null },
    ...nothing,
  },
  /** No container engine, and nothing to do without. */
  missing: {
    house: {
      ...fixtureHouse,
      image: null,
      counted: 0,
      waiting: 2,
      replicas: 8,
      last_event: null,
      backend: {
        kind: 'none',
        chosen: 'auto',
        reason: 'No container engine answers',
        isolation: null,
        reachable: false,
        engine: null,
        better: null,
        problem: 'The socket /var/run/docker.sock is there, but nobody listens on it: connection refused. Docker is installed and not running.',
        fixes: [
          { text: 'Start Docker with systemd', command: 'sudo systemctl start docker' },
          { text: 'Start Docker without root', command: 'systemctl --user start docker' },
          { text: 'Run sandboxes as processes on this computer', command: 'berth config set backend embedded' },
        ],
      },
      spares: { wanted: 2, slots: [], off: 'there is no engine' },
    },
    ...nothing,
  },
  /** A container engine that has gone away under its sandboxes. */
  gone: {
    ...fixtureState,
    house: {
      ...fixtureHouse,
      image,
      waiting: 1,
      backend: {
        ...fixtureHouse.backend,
        reachable: false,
        problem: 'Docker stopped answering 40 s ago: connection refused',
        fixes: [{ text: 'Start Docker with systemd', command: 'sudo systemctl start docker' }],
      },
    },
  },
  /** Processes on this computer, and by now a better way. */
  embedded: {
    house: {
      ...fixtureHouse,
      image: null,
      counted: 0,
      backend: {
        kind: 'embedded',
        chosen: 'auto',
        reason: 'No container engine answers',
        isolation: 'bubblewrap',
        reachable: true,
        engine: 'bubblewrap 0.11',
        problem: null,
        fixes: [],
        better: 'Docker 28.4 answers by now',
      },
      spares: { wanted: 0, slots: [], off: 'The embedded backend starts at once' },
      warnings: ['Sandboxes reach the network and every port on this computer'],
    },
    ...nothing,
  },
  /** The configuration has an error, slots are off. */
  warned: {
    ...fixtureState,
    house: {
      ...fixtureHouse,
      image,
      config: { file: fixtureHouse.config.file, error: 'Line 9: idle_timeout must be a number of seconds' },
      spares: { wanted: 2, slots: [], off: 'This volume cannot bind late: shared folders of Docker Desktop' },
      warnings: ['The disk of /home/dev/.berth is 94% full'],
    },
  },
  many: manySandboxes(61),
  crowd: manySandboxes(240),
}

/** A full house of so many. */
export function manySandboxes(count: number): HouseState {
  const threads = ['web-scrape', 'invoice', 'etl-backfill', 'pricing', 'docs-crawl', 'fix-login', 'translate', 'release-notes', 'ci-flake', 'report']
  const holders = ['deer-flow', 'deer-flow', 'ci-runner', 'coder-mcp']
  const rows = Array.from({ length: count }, (_, n): SandboxRow => {
    const status = n % 10 < 6 ? 'active' : n % 10 < 8 ? 'warm' : n % 10 === 8 ? 'paused' : n % 20 === 19 ? 'failed' : 'warm'
    const holder = holders[n % holders.length] ?? 'deer-flow'
    return fixtureSandbox(`${(0x10000000 + n * 7919).toString(16)}5c7e90ab`, `${threads[n % threads.length]}-${String(n + 1).padStart(3, '0')}`, {
      age: 60 + n * 77,
      status,
      holders: status === 'active' ? [{ holder, since: ago(50 + n * 70) }] : [],
      commands: status === 'active' && n % 3 === 0 ? [{ id: `c${n}`, command: 'python work.py', who: holder, since: ago(30 + n) }] : [],
      expires_at: status === 'active' && n % 3 === 0 ? null : ago(-(40 + ((n * 37) % 540))),
      error: status === 'failed' ? { code: 'START_FAILED', message: 'The container ended at once', next: 'Look at its log.', retry: true } : null,
    })
  })
  return {
    house: { ...fixtureHouse, image, replicas: Math.ceil(count * 1.1), counted: rows.filter(({ status }) => status !== 'failed').length },
    sandboxes: Object.fromEntries(rows.map((row) => [row.id, row])),
    sessions: fixtureState.sessions,
  }
}
