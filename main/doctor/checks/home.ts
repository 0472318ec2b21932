import { access, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { connect } from 'node:net'
import { constants } from 'node:fs'
import { z } from 'zod'
import { type BridgeFile, readBridgeFile } from '../../doors/client/bridge-file.ts'
import { type Answerer, whoAnswers } from '../../doors/client/who-answers.ts'
import { isRunning } from '../../house/home/file-lock.ts'
import { contractId } from '../../calls/rpc/contract-hash.ts'
import { version } from '../../base/version.ts'
import { bad, type DoctorCheck, type Finding, ofError, ok, skip, together, warn } from '../finding.ts'
import { shellWord } from '../../../shared/shell-quote.ts'
import { asBerthError, fail } from '../../../shared/errors.ts'
import { engineSockets, hostFacts } from '../../house/workspace/host-facts.ts'
import { planMounts } from '../../house/workspace/plan-mounts.ts'
import type { ConfigSight, Surroundings } from '../surroundings.ts'
import { portOwner, type PortOwner, portPlan, type PortPlan } from '../../doors/client/port.ts'
import { type FileSight, type HomeSight, look } from '../home-sight.ts'
import { homePaths } from '../../house/home/paths.ts'
import { installation } from '../../house/home/open-home.ts'
import { tryToWrite } from '../probe-place.ts'

export const permissionsCheck: DoctorCheck = {
  name: 'permissions',
  run: async (see) => {
    const home = await see.home()
    const me = process.getuid?.() ?? null
    if (home.facts === null) return judgeAbsent(home, await parentOf(home.dir))
    const [token, identity] = await Promise.all([look(home.paths.token), look(home.paths.installation)])
    const findings = [
      judgeHome(home, home.facts, me),
      judgeSecret('token', home.paths.token, token, home.token === null ? home.tokenError || null : tokenForm(home.token)),
      judgeSecret('installation', home.paths.installation, identity, home.installationProblem),
    ]
    if (findings.some(({ status }) => status === 'fail') || home.path === null) return together(findings)
    return together([...findings, await writing(home.path, see.clock.wall())])
  },
}

/** Where a home would be made. `error`: why its parent cannot be written; '' if it can. */
interface Parent {
  readonly path: string
  readonly error: 'missing' | 'not a directory' | 'not writable' | ''
}

async function parentOf(dir: string): Promise<Parent> {
  const path = dirname(dir)
  const { facts } = await look(path, { follow: true })
  if (facts === null) return { path, error: 'missing' }
  if (facts.kind !== 'directory') return { path, error: 'not a directory' }
  return {
    path,
    error: await access(path, constants.W_OK | constants.X_OK).then(
      () => '' as const,
      () => 'not writable' as const,
    ),
  }
}

export function judgeAbsent(home: Pick<HomeSight, 'dir' | 'error'>, parent: Parent): Finding {
  if (home.error !== 'ENOENT') {
    return bad(
      `The home ${home.dir} cannot be entered (${home.error}).`,
      `sudo chown -R "$(id -u):$(id -g)" ${shellWord(home.dir)}   or choose another with BERTH_HOME`,
    )
  }
  if (parent.error === '') return ok(`There is no home yet; the first start makes ${home.dir}.`)
  const text = `There is no home yet, and ${home.dir} cannot be made: ${parent.path} is ${parent.error}.`
  if (parent.error === 'missing') return bad(text, `mkdir -p ${shellWord(parent.path)}`)
  return bad(text, `export BERTH_HOME="$HOME/.berth"   or any other place that you may write to`)
}

/** Owner and mode. Root writes anywhere, so for root only what others may do counts. */
export function judgeHome(home: Pick<HomeSight, 'dir'>, facts: FileSight, me: number | null): Finding {
  const { dir } = home
  if (facts.kind !== 'directory')
    return bad(`The home ${dir} is not a directory.`, `Choose another with BERTH_HOME, or move it away: mv ${shellWord(dir)} ${shellWord(`${dir}.old`)}`)
  if (me === null) return ok(`The home is ${dir}.`)
  const mode = facts.mode.toString(8).padStart(4, '0')
  if ((facts.mode & 0o002) !== 0)
    return bad(`Everybody may write in ${dir} (mode ${mode}), and so put a token of theirs there; Berth refuses it.`, `chmod 0700 ${shellWord(dir)}`)
  if (facts.uid !== me && me !== 0) {
    return bad(
      `The home ${dir} belongs to uid ${facts.uid}, and you are uid ${me}.`,
      `sudo chown -R ${me} ${shellWord(dir)}   or choose another with BERTH_HOME`,
    )
  }
  if ((facts.mode & 0o700) !== 0o700) return bad(`Its owner may not use ${dir} (mode ${mode}).`, `chmod 0700 ${shellWord(dir)}`)
  const findings = [ok(`${dir} has mode ${mode} and belongs to uid ${facts.uid}.`)]
  if ((facts.mode & 0o077) !== 0)
    findings.push(warn(`Others may look into ${dir} (mode ${mode}), where files of agents are open.`, `chmod 0700 ${shellWord(dir)}`))
  if (facts.uid !== me)
    findings.push(
      warn(
        `${dir} belongs to uid ${facts.uid}, who can read Berth's token, while Berth runs as root.`,
        `Run Berth as its owner, or: chown -R 0 ${shellWord(dir)}`,
      ),
    )
  return together(findings)
}

/** A file that holds a secret: not there yet is fine, readable by others is not. */
export function judgeSecret(what: 'token' | 'installation', path: string, it: { facts: FileSight | null; error: string }, problem: string | null): Finding {
  if (it.facts === null) {
    return it.error === 'ENOENT'
      ? ok(`No ${what} file yet.`)
      : bad(`The ${what} file ${path} cannot be looked at (${it.error}).`, `sudo chown "$(id -u)" ${shellWord(path)}`)
  }
  const mode = it.facts.mode.toString(8).padStart(4, '0')
  if (it.facts.kind !== 'file') return bad(`${path} is not a plain file.`, `rm -r ${shellWord(path)}   (a new one is made at the next start)`)
  if (problem !== null) {
    const lost = what === 'token' ? 'a new one is made at the next start, which clients then need' : 'sandboxes of the old one must then be removed by hand'
    return /EACCES|EPERM/.test(problem)
      ? bad(`The ${what} file ${path} cannot be read (mode ${mode}).`, `sudo chown "$(id -u)" ${shellWord(path)} && chmod 0600 ${shellWord(path)}`)
      : bad(`The ${what} file ${path} is damaged: ${problem}.`, `rm ${shellWord(path)}   (${lost})`)
  }
  if (process.platform !== 'win32' && (it.facts.mode & 0o077) !== 0)
    return warn(`Others may read the ${what} file ${path} (mode ${mode}).`, `chmod 0600 ${shellWord(path)}`)
  return ok(`The ${what} file has mode ${mode}.`)
}

function tokenForm(token: string): string | null {
  return /^e2b_[a-f0-9]{40}$/.test(token) ? null : 'it does not hold a token'
}

async function writing(home: string, now: number): Promise<Finding> {
  try {
    await tryToWrite(home, now)
    return ok('Writing and renaming there work.')
  } catch (thrown) {
    return ofError(thrown)
  }
}

/** A container that carries Berth's labels, and what is at the home that it names. */
export interface Labelled {
  readonly name: string
  readonly installation: string
  readonly home: string
  /** Whose home lies there now: an installation's id; null: none. */
  readonly there: string | null
}

export const leftoversCheck: DoctorCheck = {
  name: 'leftovers',
  run: async (see) => {
    const [sight, home] = await Promise.all([see.engine(), see.home()])
    if (!sight.answers) return skip('No container engine answers.')
    const { engine } = sight
    const rows = await engine.call('list containers', 4_000, (abortSignal) =>
      engine.docker.listContainers({ all: true, filters: { label: ['berth.installation'] }, abortSignal }),
    )
    const homes = new Map<string, Promise<string | null>>()
    const at = (dir: string) => {
      const known = homes.get(dir) ?? installationAt(dir)
      homes.set(dir, known)
      return known
    }
    const found = await Promise.all(
      rows.map(async (row): Promise<Labelled> => {
        const dir = row.Labels['berth.home'] ?? ''
        return { name: (row.Names[0] ?? row.Id).replace(/^\//, ''), installation: row.Labels['berth.installation'] ?? '', home: dir, there: await at(dir) }
      }),
    )
    return judgeLeftovers(found, { installation: home.installation, home: home.path })
  },
}

/** Containers that no Berth will ever look after again. Nothing is removed: a home may be on a disk that is away. */
export function judgeLeftovers(found: readonly Labelled[], me: { installation: string | null; home: string | null }): Finding {
  const mine = found.filter((it) => it.installation === me.installation && it.home === me.home)
  const own = found.filter((it) => it.installation === me.installation && it.home !== me.home)
  const lost = own.filter((it) => it.there !== me.installation)
  const elsewhere = own.length - lost.length
  const foreign = found.filter((it) => it.installation !== me.installation)
  const orphans = foreign.filter((it) => it.there === null).length
  const text = [
    `${count(mine.length)} of this home.`,
    elsewhere > 0 ? `${count(elsewhere)} of a copy of it.` : '',
    foreign.length > 0
      ? `${count(foreign.length)} of other installations${orphans > 0 ? `, ${orphans} of them without a home that can be seen from here` : ''}.`
      : '',
  ]
    .filter((part) => part !== '')
    .join(' ')
  if (lost.length === 0) return ok(text)
  const where = [...new Set(lost.map((it) => it.home))].join(', ')
  return warn(
    `${text} ${count(lost.length)} of this installation under a home that is gone (${where}): it was moved or deleted.`,
    `docker rm -f ${lost.map((it) => it.name).join(' ')}`,
  )
}

function count(many: number): string {
  return `${many} ${many === 1 ? 'container' : 'containers'}`
}

async function installationAt(dir: string): Promise<string | null> {
  const path = homePaths(dir).installation
  try {
    return installation.parse(JSON.parse(await readFile(path, 'utf8'))).id
  } catch {
    // No home there, one of another user, or none that this machine sees: for us there is nobody.
    return null
  }
}

/** How many ports are looked at for a home that has none yet. */
const span = 20

export interface PortSight {
  readonly port: number
  readonly taken: boolean
  readonly owner: PortOwner | null
  readonly answers: Answerer | null
}

export const portsCheck: DoctorCheck = {
  name: 'ports',
  run: async (see) => {
    const [home, { config }] = await Promise.all([see.home(), see.config()])
    const kept = (await readBridgeFile(home.paths.bridge)).value?.port ?? null
    const plan = portPlan({ configured: config.bridge.port, kept })
    const sights: PortSight[] = []
    for (const port of plan.ports.slice(0, span)) {
      const sight = await lookAt(port, see, home)
      sights.push(sight)
      if (!sight.taken) break
    }
    return judgePorts(plan, sights, await lowestPort())
  },
}

/** `lowest`: the first port that this user may open. */
export function judgePorts(plan: PortPlan, sights: readonly PortSight[], lowest: number): Finding {
  const last = sights.at(-1)
  const [first] = sights
  if (first === undefined || last === undefined) return ok('The system chooses the port.')
  if (plan.why === 'first') {
    if (!first.taken) return ok(`${first.port} is free; the first start takes it.`)
    const by = ownerText(first)
    return ok(
      last.taken
        ? `${first.port} to ${last.port} are taken; the first start looks further.`
        : `${first.port} is taken by ${by}; the first start takes ${last.port}.`,
    )
  }
  const whose = plan.why === 'configured' ? '`bridge.port` asks for it' : 'clients of this home know it'
  if (first.port < lowest) return bad(`Port ${first.port} may be opened by root only.`, 'Set `bridge.port` to one above 1023.')
  if (!first.taken) return ok(`${first.port} is free (${whose}).`)
  if (first.answers?.who === 'ours') return ok(`${first.port} is this home's own.`)
  const stop = first.owner === null ? 'Stop it' : `kill ${first.owner.pid}`
  return bad(`Port ${first.port} is taken by ${ownerText(first)}, and ${whose}.`, `${stop}   or set \`bridge.port\` in the configuration to a free one`)
}

function ownerText({ owner, answers }: PortSight): string {
  const what = answers?.who === 'other' && answers.reason.includes('Berth of another home') ? 'the Berth of another home' : 'another program'
  return owner === null ? what : `${what === 'another program' ? '' : `${what}, `}pid ${owner.pid} (${owner.command})`
}

async function lookAt(port: number, see: Surroundings, home: HomeSight): Promise<PortSight> {
  if (!(await listens(port, see))) return { port, taken: false, owner: null, answers: null }
  const [owner, answers] = await Promise.all([
    portOwner(port),
    whoAnswers(`http://127.0.0.1:${port}`, { token: home.token ?? '', home: home.path ?? home.dir }, 1_500),
  ])
  return { port, taken: true, owner, answers }
}

/** By connecting, not by listening: a listener of ours, however short, could be what keeps a Berth from starting. */
function listens(port: number, see: Surroundings): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' })
    const end = (answer: boolean) => {
      timer.cancel()
      socket.destroy()
      resolve(answer)
    }
    // A full queue of connections: somebody is there who does not take them.
    const timer = see.clock.timer(1_000, () => end(true))
    socket.once('connect', () => end(true)).once('error', () => end(false))
  })
}

async function lowestPort(): Promise<number> {
  if (process.platform !== 'linux' || process.getuid?.() === 0) return 1
  const text = await readFile('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8').catch(() => '1024')
  return Number(text) || 1
}

export const configCheck: DoctorCheck = {
  name: 'config',
  run: async (see) => {
    const sight = await see.config()
    const read = judgeConfig(sight)
    return sight.loaded === null ? read : together([read, ...(await mountFindings(see, sight))])
  },
}

/** Loads, or says where it is wrong; keys that nobody knows are named. */
export function judgeConfig(sight: ConfigSight): Finding {
  if (sight.loaded === null) return ofError(sight.error)
  const { file, sources, warnings } = sight.loaded
  const set = Object.values(sources).filter((source) => source === 'file').length
  const text = file === null ? 'No configuration file: everything has its default.' : `${file}: ${set} ${set === 1 ? 'key' : 'keys'} set.`
  if (warnings.length === 0) return ok(text)
  return warn(`${text} ${warnings.map((it) => it.replace(/\.?$/, '.')).join(' ')}`, `Correct or remove what is named in ${file ?? 'the configuration'}.`)
}

/** The configured mounts, judged as an acquire would judge them, before one fails over them. */
async function mountFindings(see: Surroundings, { loaded, config }: ConfigSight & { loaded: object }): Promise<Finding[]> {
  const home = await see.home()
  const { overrides } = loaded
  const paths = [...config.mounts.map((mount) => mount.host_path), ...(config.skills.path === null ? [] : [config.skills.path])]
  if (paths.length === 0) return []
  try {
    const at = new Map(overrides.hostBaseDir !== null ? [] : await Promise.all(paths.map(async (path) => [path, await hostFacts(path)] as const)))
    const root = home.path ?? home.dir
    const plan = planMounts({
      home: root,
      ignoresCase: process.platform !== 'linux',
      sockets: await engineSockets(see.env),
      userData: join(root, 'users', 'default', 'threads', 'doctor', 'user-data'),
      config,
      overrides,
      at,
    })
    const count = plan.mounts.length - 1
    return [
      ok(`${count} ${count === 1 ? 'mount' : 'mounts'} of your own.`),
      ...plan.warnings.map((text) => warn(`${text}.`, 'Correct the path, or take the key out of the configuration.')),
    ]
  } catch (thrown) {
    const error = asBerthError(thrown)
    return [ofError(fail(error.code, `No sandbox can start: ${error.message}.`, { next: error.next }))]
  }
}

/** What the home says about its engine, and what is true of it. */
export interface EngineState {
  readonly file: BridgeFile | null
  readonly problem: string | null
  readonly answers: Answerer | null
  /** Whether the process that bridge.json names still runs. */
  readonly alive: boolean
  /** The process that holds the home's lock, if it runs. */
  readonly lockedBy: number | null
  readonly ours: { readonly version: string; readonly contract: { readonly version: number; readonly hash: string } }
}

export const berthCheck: DoctorCheck = {
  name: 'berth',
  run: async (see) => {
    const home = await see.home()
    const { value: file, problem } = await readBridgeFile(home.paths.bridge)
    const answers =
      file === null || file.pid === null || home.token === null ? null : await whoAnswers(file.url, { token: home.token, home: home.path ?? home.dir }, 2_000)
    const alive = file?.pid ? await isRunning(file.pid, null) : false
    return judgeBerth({ file, problem, answers, alive, lockedBy: await lockOwner(home.paths.locks), ours: { version, contract: contractId() } })
  },
}

export function judgeBerth(it: EngineState): Finding {
  const { file, answers, ours, lockedBy } = it
  if (it.problem !== null) return warn(`${it.problem}.`, 'berth serve   (writes it anew)')
  if (answers?.who === 'ours') {
    const { health } = answers
    const same = health.contract.version === ours.contract.version && health.contract.hash === ours.contract.hash
    if (same) return ok(`Berth ${health.version} runs at ${file?.url ?? '?'} (pid ${file?.pid ?? '?'}).`)
    return bad(
      `Berth ${health.version} runs (pid ${file?.pid ?? '?'}), and this is ${ours.version}: they do not speak the same calls.`,
      `kill ${file?.pid ?? 'PID'} && berth serve`,
    )
  }
  if (file !== null && file.pid !== null) {
    if (answers === null)
      return bad(`bridge.json says that Berth runs at ${file.url}, but the token to ask it with cannot be read.`, 'Run this as the user who runs Berth.')
    if (answers.who === 'other')
      return warn(`bridge.json is stale: at ${file.url} something else answers. ${answers.reason}.`, 'berth serve   (tells what to do about the port)')
    if (it.alive && lockedBy === file.pid)
      return bad(
        `Berth (pid ${file.pid}) holds this home but does not answer at ${file.url}: ${answers.reason}.`,
        `kill ${file.pid}   and, if it is still there after 10 s, kill -9 ${file.pid}; then: berth serve`,
      )
    return warn(
      `bridge.json is stale: it names pid ${file.pid}, and nobody answers at ${file.url}. Berth was killed.`,
      'berth serve   (finds its sandboxes again)',
    )
  }
  if (lockedBy !== null)
    return warn(
      `Process ${lockedBy} holds this home's lock but has not said where it is: it starts just now, or hangs.`,
      `berth doctor   again in a minute; if it stays: kill ${lockedBy}`,
    )
  return ok('Berth does not run for this home; `berth serve` starts it.')
}

const owner = z.object({ pid: z.number(), stamp: z.string().nullable() })

async function lockOwner(locks: string): Promise<number | null> {
  try {
    const { pid, stamp } = owner.parse(JSON.parse(await readFile(join(locks, 'engine.owner'), 'utf8')))
    return (await isRunning(pid, stamp)) ? pid : null
  } catch {
    return null // nobody has it, or the owner died while writing: both mean that nobody works there
  }
}
