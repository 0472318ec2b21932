import { stat, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { bad, type DoctorCheck, type Finding, ok, skip, together, warn } from '../finding.ts'
import { shellWord } from '../../../shared/shell-quote.ts'
import { sizeText } from '../../../shared/size.ts'
import { kindConfigured } from '../../../shared/backends.ts'
import type { Config } from '../../../shared/config.ts'
import type { IsolationProbe } from '../../backends/embedded/isolation.ts'
import { look } from '../home-sight.ts'

export const isolationCheck: DoctorCheck = {
  name: 'isolation',
  run: async (see) => {
    const [{ config }, home, engine, probe] = await Promise.all([see.config(), see.home(), see.engine(), see.isolation()])
    return judgeIsolation(probe, config, { usedDocker: home.usedDocker, engineAnswers: engine.answers })
  },
}

/** Whether sandboxes without a container engine are kept apart; of no weight where they are containers. */
export function judgeIsolation(
  probe: IsolationProbe,
  config: Pick<Config, 'backend' | 'provisioner_url' | 'embedded'>,
  at: { usedDocker: boolean; engineAnswers: boolean },
): Finding {
  const embedded = kindConfigured(config.backend)?.fallback ?? (config.provisioner_url === null && !at.engineAnswers && !at.usedDocker)
  if (embedded && config.embedded.isolation === 'none') {
    const better = probe.works ? `bubblewrap ${probe.version} works here.` : `bubblewrap does not work here: ${probe.reason}.`
    return warn(
      `Nothing is isolated: \`embedded.isolation: none\` runs commands with your own rights on all your files. ${better}`,
      probe.works ? 'Take `embedded.isolation` out of the configuration.' : probe.fix.join('\nor: '),
    )
  }
  if (probe.works) {
    const how = probe.userNamespace ? 'in a user namespace' : 'without a user namespace, which this machine forbids even to root: uid 0 with no capability'
    return ok(`bubblewrap ${probe.version} makes a sandbox with the flags that sandboxes get, ${how}.`)
  }
  if (!embedded) return skip(`bubblewrap would not work (${probe.reason}), but sandboxes here do not need it.`)
  const said = probe.output === '' ? '' : ` It said: ${probe.output.split('\n').slice(-2).join(' ').slice(0, 300)}`
  return bad(`Sandboxes cannot be isolated: ${probe.reason}.${said}`, probe.fix.join('\nor: '))
}

/** Beyond this the engine's clock and ours disagree: a virtual machine that slept. */
const tolerance = 10_000

export const clockCheck: DoctorCheck = {
  name: 'clock',
  run: async (see) => {
    const [sight, home] = await Promise.all([see.engine(), see.home()])
    const now = see.clock.wall()
    const stamps = await Promise.all(
      [home.paths.bridge, home.paths.events, home.paths.locks, home.paths.leases].map(async (path) => (await stat(path).catch(() => null))?.mtimeMs ?? 0),
    ) // not there: no stamp
    return judgeClock({ now, newest: Math.max(...stamps), aheadMs: sight.answers ? sight.aheadMs : null, platform: process.platform })
  },
}

/** Durations are monotonic and do not care; stamps, certificates and stale locks do. `newest`: the last stamp in the home. */
export function judgeClock(it: { now: number; newest: number; aheadMs: number | null; platform: NodeJS.Platform }): Finding {
  const set = it.platform === 'linux' ? 'sudo timedatectl set-ntp true' : it.platform === 'darwin' ? 'sudo sntp -sS time.apple.com' : 'w32tm /resync'
  const findings = [ok('The clock is plausible.')]
  if (it.newest - it.now > tolerance) {
    findings.push(warn(`The clock was set back: the home has a stamp ${seconds(it.newest - it.now)} in the future.`, set))
  }
  if (it.aheadMs !== null && Math.abs(it.aheadMs) > tolerance) {
    const side = it.aheadMs > 0 ? 'ahead of' : 'behind'
    findings.push(
      warn(
        `The engine's clock is ${seconds(Math.abs(it.aheadMs))} ${side} this machine's.`,
        it.platform === 'linux' ? set : 'Restart Docker Desktop: its virtual machine slept.',
      ),
    )
  }
  return together(findings)
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`
}

export const nodeCheck: DoctorCheck = {
  name: 'node',
  run: (see) =>
    Promise.resolve(
      judgeNode({
        version: process.versions.node,
        path: process.execPath,
        electron: process.versions['electron'] ?? null,
        lite: see.resources.linuxNode('x64') ?? see.resources.linuxNode('arm64'),
      }),
    ),
}

/** The Node that Berth itself needs; npm brings it, so an older one means that it was started past npm's. */
export function judgeNode(it: { version: string; path: string; electron: string | null; lite: string | null }): Finding {
  const text = it.electron === null ? `Node ${it.version} (${it.path}).` : `Node ${it.version} of Electron ${it.electron} (${it.path}).`
  if (Number(it.version.split('.')[0]) < 24) {
    return bad(`${text} Berth needs Node 24.`, 'Run `npm install` in Berth’s directory, which brings Node 24, and start Berth by `npm start` or `npx berth`.')
  }
  if (it.lite === null) {
    return warn(
      `${text} There is no Linux Node to put into berth-lite, so building it needs a network.`,
      'npm install --include=optional   (in Berth’s directory)',
    )
  }
  return ok(text)
}

/** Below these Berth warns; below the last no sandbox can be counted on to start. */
const scarceBytes = 2 * 1024 ** 3
const scarceInodes = 0.05
const noBytes = 64 * 1024 ** 2
const noInodes = 1_000

export interface Space {
  readonly bytes: number
  readonly inodes: number
  readonly allInodes: number
}

export const diskCheck: DoctorCheck = {
  name: 'disk',
  run: async (see) => {
    const home = await see.home()
    const at = await nearestDirectory(home.path ?? home.dir)
    const findings = [
      judgeSpace(
        `The volume of the home (${at})`,
        await spaceAt(at),
        `du -xsh ${shellWord(`${at}/users`)}/*/threads/* | sort -h   shows which threads take most; delete what is not needed any more`,
      ),
    ]
    const engine = await see.engine()
    if (engine.answers && engine.root !== null && engine.traits.native) {
      // A Berth that itself runs in a container does not see the engine's directory: then only the engine knows.
      const space = await spaceAt(engine.root).catch(() => null)
      findings.push(
        space === null
          ? skip(`The engine's directory ${engine.root} is not visible from here.`)
          : judgeSpace(
              `The volume of the engine's data (${engine.root})`,
              space,
              'docker system df   shows what takes it; docker image prune   removes images that nothing uses',
            ),
      )
    }
    return together(findings)
  },
}

export function judgeSpace(what: string, { bytes, inodes, allInodes }: Space, fix: string): Finding {
  // btrfs and others count no inodes: 0 of 0.
  const share = allInodes > 0 ? inodes / allInodes : null
  const text = `${what} has ${sizeText(bytes, 10)}${share === null ? '' : ` and ${Math.floor(share * 100)} % of its inodes`} free`
  if (bytes < noBytes || (share !== null && inodes < noInodes)) return bad(`${text}: too little to start a sandbox.`, fix)
  if (bytes < scarceBytes) return warn(`${text}, less than ${sizeText(scarceBytes, 10)}.`, fix)
  if (share !== null && share < scarceInodes) return warn(`${text}, less than ${scarceInodes * 100} %.`, fix)
  return ok(`${text}.`)
}

async function spaceAt(path: string): Promise<Space> {
  const disk = await statfs(path)
  return { bytes: disk.bavail * disk.bsize, inodes: disk.ffree, allInodes: disk.files }
}

/** The directory itself, or the nearest one above it that is there: where it would be made. */
async function nearestDirectory(dir: string): Promise<string> {
  for (let at = dir; ; at = dirname(at)) {
    const { facts } = await look(at, { follow: true })
    if (facts?.kind === 'directory' || at === dirname(at)) return at
  }
}
