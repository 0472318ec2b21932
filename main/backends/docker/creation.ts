import { createServer } from 'node:net'
import type Docker from 'dockerode'
import type { Clock } from '../../base/clock.ts'
import { type BerthError, fail } from '../../../shared/errors.ts'
import type { Found, SandboxSpec } from '../backend.ts'
import type { Engine, EngineTraits } from './docker-engine.ts'
import { cancelled, diskFull, type Refusal } from './errors.ts'
import { fromInspect, type Reading } from './found.ts'
import { readLogs } from './logs.ts'
import type { SandboxNetwork } from './network.ts'
import { removeContainer } from './removal.ts'
import type { Config } from '../../../shared/config.ts'

export interface Creating {
  readonly engine: Engine
  readonly clock: Clock
  readonly network: SandboxNetwork
  readonly reading: Reading
  readonly publish: string
  /** The engine's form of this sandbox on this network and port. */
  describe(networkId: string, hostPort: number | null): Docker.ContainerCreateOptions
  warn(text: string, cause: unknown): void
}

/** While other processes make and remove networks of our name, several looks may be needed. */
const renewals = 6

/** What a start failed of that another try can mend. */
type Obstacle = 'port' | 'network'
class Mendable extends Error {
  readonly obstacle: Obstacle
  constructor(obstacle: Obstacle, text: string) {
    super(text)
    this.obstacle = obstacle
  }
}

/** Creates and starts. Whatever goes wrong, the container made for it is removed before this throws. */
export async function createSandbox(spec: SandboxSpec, creating: Creating, signal: AbortSignal): Promise<Found> {
  let renewed = 0
  let network = ''
  let taken: Error | null = null
  const ports = candidates(spec.port)
  for (let at = 0; at < ports.length;) {
    const port = ports[at] ?? null
    if (port !== null && !(await looksFree(creating.publish, port))) {
      at++
      continue
    }
    if (signal.aborted) throw cancelled('create a sandbox')
    try {
      network = await creating.network.id()
      return await attempt(spec, creating, creating.describe(network, port), signal)
    } catch (thrown) {
      if (!(thrown instanceof Mendable)) throw thrown
      if (thrown.obstacle === 'port') {
        taken = thrown
        at++
      } else {
        if (++renewed > renewals) throw failedStart(thrown.message)
        await creating.network.forget(network)
        await creating.clock.sleep(renewed * 30)
      }
    }
  }
  const range = spec.port === null ? 'the port that the engine chose' : `every port from ${spec.port} to ${(spec.port ?? 0) + ports.length - 1}`
  throw fail('PORT_TAKEN', `The sandbox cannot be published on ${creating.publish}: ${range} is taken`, {
    next: 'Set `port` to the start of a free range, or leave it out: then the engine chooses.',
    cause: taken ?? undefined,
  })
}

async function attempt(spec: SandboxSpec, creating: Creating, options: Docker.ContainerCreateOptions, signal: AbortSignal): Promise<Found> {
  const { engine } = creating
  // Never aborted half-way: the engine would go on and leave a container whose id nobody knows.
  const ref = await engine.call<string>('create a sandbox', 60_000, async () => (await engine.docker.createContainer(options)).id, {
    late: (id) => void undo(creating, id),
    answers: { 400: notMade, 404: notMade, 409: notMade, 500: notMade },
  })
  try {
    if (signal.aborted) throw cancelled('create a sandbox')
    await engine.call<void>('start a sandbox', 60_000, (abortSignal) => engine.docker.getContainer(ref).start({ abortSignal }), {
      answers: { 304: () => undefined, 400: notMade, 403: notMade, 404: notMade, 409: notMade, 500: notMade },
    })
    const info = await engine.call('look at a new sandbox', 10_000, (abortSignal) => engine.docker.getContainer(ref).inspect({ abortSignal }), {
      idempotent: true,
    })
    if (signal.aborted) throw cancelled('create a sandbox')
    if (!info.State.Running) throw await endedAtOnce(creating, ref, info.State.ExitCode)
    return fromInspect(info, creating.reading)
  } catch (thrown) {
    await undo(creating, ref)
    throw thrown
  }

  function notMade(refusal: Refusal): never {
    throw explain(spec, refusal)
  }
}

/** A removal that fails leaves a labelled container, which the next listing finds. */
async function undo(creating: Creating, ref: string): Promise<void> {
  try {
    await removeContainer(creating.engine, creating.clock, ref, 0)
  } catch (error) {
    creating.warn(`A container that did not become a sandbox could not be removed yet: ${ref.slice(0, 12)}`, error)
  }
}

async function endedAtOnce(creating: Creating, ref: string, exitCode: number): Promise<BerthError> {
  const lines: string[] = []
  for await (const line of readLogs(creating.engine, ref, { tail: 20, follow: false, signal: AbortSignal.timeout(5_000) })) lines.push(line.text)
  return fail('START_FAILED', `The sandbox ended at once, with exit code ${exitCode}${lines.length > 0 ? `: ${lines.at(-1)}` : ''}`, {
    next: 'Look at the last lines of its log; a wrong image or a variable that it does not like are the usual causes.',
    details: { exit_code: exitCode, log: lines },
  })
}

function failedStart(text: string): BerthError {
  return fail('START_FAILED', `The container engine could not start the sandbox: ${text}`, {
    next: 'Try again; if it stays, check the image by hand with `docker run`.',
  })
}

/** The engine's sentence, as the error that says what to do. Sentences of Docker 20.10 to 29 and of Podman. */
export function explain(spec: SandboxSpec, { status, text: raw }: Refusal): Error {
  const text = withoutSecrets(raw, spec)
  if (/port is already allocated|address already in use|failed to bind (host )?port|port.*(conflict|in use)/i.test(text)) return new Mendable('port', text)
  if (/network \S+ (not found|is ambiguous)|could not find (a )?network|no such network/i.test(text)) return new Mendable('network', text)
  if (/no space left on device|disk quota exceeded/i.test(text)) return diskFull('create a sandbox', text)
  if (status === 409 && /name .*(already )?in use|conflict.*name/i.test(text)) {
    return fail('NAME_TAKEN', `The container name ${spec.name} is taken`, {
      next: `See whose it is: \`docker inspect ${spec.name}\`. Remove that container, or set another \`container_prefix\`.`,
      details: { name: spec.name },
    })
  }
  const missing = /bind source path does not exist: (.+?)\.?$|error while creating mount source path '([^']+)'|statfs (\S+): no such file/i.exec(text)
  if (missing) {
    const path = missing[1] ?? missing[2] ?? missing[3]
    return fail('MOUNT_MISSING', `The directory to be mounted is not there: ${path}`, {
      next: 'Create it, or correct `mounts` (or `skills.path`) in the configuration.',
      details: { path },
    })
  }
  if (/no such image|image .*not (found|known)|manifest unknown/i.test(text)) {
    return fail('IMAGE_MISSING', `The engine does not have the image ${spec.image} any more`, {
      next: 'Acquire again: Berth then fetches it.',
      details: { image: spec.image },
    })
  }
  if (/no command specified|executable file not found|exec format error|no such file or directory.*: unknown|permission denied.*: unknown/i.test(text)) {
    return fail('IMAGE_UNUSABLE', `The image ${spec.image} has no program that the engine can start: ${text}`, {
      next: 'Set `image` to a sandbox image: berth-lite, one made FROM it, or an AIO image.',
      details: { image: spec.image },
    })
  }
  return failedStart(text)
}

/** The engine may quote what it was given. */
function withoutSecrets(text: string, spec: SandboxSpec): string {
  let clean = text
  for (const secret of [spec.key, ...Object.values(spec.environment)]) {
    if (secret.length >= 4) clean = clean.replaceAll(secret, '***')
  }
  return clean
}

/** How many ports from the configured one upward are tried, and how often the engine may choose badly. */
const span = 100
const choices = 5

/** Host ports to try in turn; null lets the engine choose. */
function candidates(from: number | null): (number | null)[] {
  if (from === null) return Array.from({ length: choices }, () => null)
  return Array.from({ length: Math.min(span, 65_536 - from) }, (_, index) => from + index)
}

/** Whether a program could listen there now. A hint that saves the engine a failed start, not a reservation. */
function looksFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => {
      // Any other reason (an address of another machine, a privileged port) is for the engine to judge.
      resolve(error.code !== 'EADDRINUSE')
    })
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)))
  })
}

export interface UserIds {
  readonly uid: number
  readonly gid: number
}

/** The image's own `agent`. */
const ordinary: UserIds = { uid: 1000, gid: 1000 }
const root: UserIds = { uid: 0, gid: 0 }

/**
 * As whom a sandbox's programs run. The owner of Berth's home where uids mean the same on both sides, so that files are
 * that person's; where that is root, an ordinary user all the same: programs that find themselves root rely on powers
 * that a sandbox does not have. A rootless engine's root is the one who runs it.
 */
export function agentUser({ traits, homeUser, user }: { traits: EngineTraits; homeUser: UserIds; user: Config['user'] }): UserIds {
  if (user === 'root' || (traits.native && traits.rootless)) return root
  if (typeof user === 'number') return { uid: user, gid: user }
  return traits.native && homeUser.uid !== 0 ? homeUser : ordinary
}
