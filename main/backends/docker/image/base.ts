import { createHash } from 'node:crypto'
import { BerthError, fail } from '../../../../shared/errors.ts'
import type { Engine } from '../docker-engine.ts'
import { cancelled } from '../errors.ts'
import { debootstrapPlan, importDebootstrap } from './debootstrap.ts'
import { present } from './image-kind.ts'
import { type AuthOptions, pullImage } from './pull.ts'

export interface Base {
  readonly reference: string
  /** It has every package already, so the build needs no network. */
  readonly complete: boolean
}

/** What debootstrap made here before, whatever the host's suite was: `berth-base:bookworm-1f0c9a2b`, by its packages. */
const localName = 'berth-base'
const debian = 'debian:bookworm-slim'
/** Where no Linux node binary is at hand (macOS, Windows), the base brings it. */
const withNode = 'node:24-bookworm-slim'

export interface BaseOptions {
  readonly needsNode: boolean
  readonly packages: readonly string[]
  readonly auth: AuthOptions
  readonly note: (text: string, done?: number | null, total?: number | null) => void
  readonly signal: AbortSignal
}

/**
 * Bases in the order in which they are tried: one made here before, a public one that is there, a public one pulled,
 * one made by debootstrap. The caller builds on the first; where that fails for want of a network, it asks for the next.
 */
export async function* bases(engine: Engine, options: BaseOptions): AsyncGenerator<Base, never> {
  const reasons: string[] = []
  const publicName = options.needsNode ? withNode : debian
  if (!options.needsNode) {
    const made = await localBase(engine, options.packages)
    if (made !== null) yield { reference: made, complete: true }
  }
  try {
    if (!(await present(engine, publicName))) {
      options.note(`Pulling ${publicName}`)
      const report = (progress: { text: string; done: number | null; total: number | null }) => options.note(progress.text, progress.done, progress.total)
      await pullImage(engine, publicName, options.auth, report, options.signal)
    }
    yield { reference: publicName, complete: false }
    reasons.push(`packages could not be installed in ${publicName}`)
  } catch (error) {
    if (!(error instanceof BerthError) || error.code !== 'IMAGE_PULL_FAILED') throw error
    reasons.push(error.message)
  }
  const plan = options.needsNode ? 'there is no Linux node binary here' : await debootstrapPlan()
  if (typeof plan !== 'string') {
    const tag = `${localName}:${plan.suite}-${hashOf(options.packages)}`
    try {
      await importDebootstrap(engine, plan, { tag, packages: options.packages, note: (text) => options.note(`Base: ${text}`), signal: options.signal })
    } catch (error) {
      if (options.signal.aborted) throw cancelled('build the base image')
      if (error instanceof BerthError) throw error
      throw nothingWorked([...reasons, error instanceof Error ? error.message : String(error)], error)
    }
    yield { reference: tag, complete: true }
    throw nothingWorked(reasons, undefined)
  }
  throw nothingWorked([...reasons, `a base of its own cannot be made: ${plan}`], undefined)
}

/** Another list of packages is another base: an older one would be taken for complete, and lack what is new. */
export async function localBase(engine: Engine, packages: readonly string[]): Promise<string | null> {
  const rows = await engine.call('list images', 10_000, (abortSignal) => engine.docker.listImages({ filters: { reference: [localName] }, abortSignal }), {
    idempotent: true,
  })
  const tags = rows.toSorted((a, b) => b.Created - a.Created).flatMap(({ RepoTags }) => RepoTags ?? [])
  return tags.find((tag) => tag.startsWith(`${localName}:`) && tag.endsWith(`-${hashOf(packages)}`)) ?? null
}

function hashOf(packages: readonly string[]): string {
  return createHash('sha256').update(packages.join(' ')).digest('hex').slice(0, 8)
}

function nothingWorked(reasons: readonly string[], cause: unknown): BerthError {
  return fail('IMAGE_BUILD_FAILED', `The sandbox image has no base to be built on: ${reasons.join('; ')}`, {
    next:
      `With a network: \`docker pull ${debian}\` must work. Without one: run \`npm test\` or \`berth serve\` once as root on a Debian with debootstrap, ` +
      `or load the image that another machine built: \`docker save berth-lite | docker load\`. Any other image can be set as \`image\`.`,
    cause,
  })
}
