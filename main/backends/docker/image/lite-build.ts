import type { Progress } from '../../../../shared/sandbox.ts'
import { BerthError, fail } from '../../../../shared/errors.ts'
import type { Engine } from '../engine.ts'
import { cancelled, diskFull, plain } from '../errors.ts'
import { bases, type Base } from './base.ts'
import { buildContext } from './build-context.ts'
import { readEngineLines } from './engine-lines.ts'
import { liteLabel } from './image-kind.ts'
import { liteName, type LiteRecipe } from './lite-recipe.ts'
import type { AuthOptions } from './registry-auth.ts'

export interface LiteBuild {
  readonly engine: Engine
  readonly recipe: LiteRecipe
  readonly version: string
  readonly auth: AuthOptions
  readonly env: Readonly<Record<string, string | undefined>>
}

export function liteReference(recipe: LiteRecipe): string {
  return `${liteName}:${recipe.hash}`
}

/** Builds the image on the first base that works, and names it `berth-lite:<hash>` and, for people, `berth-lite:latest`. */
export async function buildLite(build: LiteBuild, report: (progress: Progress) => void, signal: AbortSignal): Promise<void> {
  const note = (text: string, done: number | null = null, total: number | null = null) =>
    report({ type: 'progress', step: 'image-build', text, done, total })
  const options = { needsNode: build.recipe.node === null, packages: packagesOf(build.recipe.setup), auth: build.auth, note, signal }
  const tries = bases(build.engine, options)
  for (;;) {
    const { value: base } = await tries.next()
    try {
      await buildOn(base, build, note, signal)
      return
    } catch (thrown) {
      if (signal.aborted) throw cancelled(`build ${liteName}`)
      const text = thrown instanceof Error ? thrown.message : String(thrown)
      if (/no space left on device/i.test(text)) throw diskFull(`build ${liteName}`, text)
      if (thrown instanceof BerthError && thrown.code !== 'ENGINE_FAILED') throw thrown
      if (base.complete) {
        throw fail('IMAGE_BUILD_FAILED', `The image ${liteName} could not be built: ${text}`, {
          next: `Try again; if it stays, remove the base (\`docker image rm ${base.reference}\`), so that it is made anew.`,
          cause: plain(thrown),
        })
      }
      note(`Not possible on ${base.reference}: ${text}`)
    }
  }
}

async function buildOn(base: Base, build: LiteBuild, note: (text: string, done?: number | null, total?: number | null) => void, signal: AbortSignal): Promise<void> {
  const { engine, recipe } = build
  const reference = liteReference(recipe)
  note(`Building ${liteName} on ${base.reference}`)
  const context = buildContext(recipe)
  const options = {
    t: reference,
    buildargs: { BASE: base.reference, ...(base.complete ? {} : proxyArguments(build.env)) },
    labels: { [liteLabel]: recipe.hash, 'berth.version': build.version },
    ...(base.complete ? { networkmode: 'none' } : {}),
    rm: true,
    forcerm: true,
    abortSignal: signal,
  }
  const [stream] = await Promise.all([
    engine.call<NodeJS.ReadableStream>(`build ${liteName}`, 300_000, () => engine.docker.buildImage(context.stream, options), { signal }),
    context.sent,
  ])
  await readEngineLines(stream, signal, (line) => {
    const text = (line.stream ?? line.status ?? '').trim()
    const step = /^Step (\d+)\/(\d+)/.exec(text)
    if (text !== '' && !/^(--->|Removing intermediate)/.test(text)) note(text, step ? Number(step[1]) - 1 : null, step ? Number(step[2]) : null)
  })
  const [before, after] = await Promise.all([`${liteName}:latest`, reference].map((name) => sizeOf(engine, name)))
  note(`${reference} has ${inMegabytes(after)}${before === null ? '' : `; the one before has ${inMegabytes(before)}`}`)
  await engine.call<void>('name an image', 10_000, (abortSignal) => engine.docker.getImage(reference).tag({ repo: liteName, tag: 'latest', abortSignal }))
}

async function sizeOf(engine: Engine, name: string): Promise<number | null> {
  return engine.call<number | null>('look at an image', 10_000, async () => (await engine.docker.getImage(name).inspect()).Size, { idempotent: true, answers: { 404: () => null } })
}

const inMegabytes = (bytes: number | null | undefined): string => `${Math.round((bytes ?? 0) / 1e6)} MB`

/** setup.sh has the one list of packages. */
export function packagesOf(setup: string): string[] {
  const list = /^packages='([^']+)'$/m.exec(setup)?.[1]
  return list === undefined ? [] : list.split(/\s+/)
}

/** Build arguments that Docker knows and keeps out of the image. A proxy on loopback is not reachable from a build. */
function proxyArguments(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const kept: Record<string, string> = {}
  for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy']) {
    const value = env[name]
    if (value && !/\/\/(localhost|127\.|\[::1\])/.test(value)) kept[name] = value
  }
  return kept
}
