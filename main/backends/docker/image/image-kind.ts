import type Docker from 'dockerode'
import type { Engine } from '../docker-engine.ts'

/** Set on `berth-lite` when it is built. Images made FROM it inherit its labels, whatever they are called; an emptied one is as none. */
export const liteLabel = 'berth.lite'

/** What an image says of itself, as far as its sandboxes are started otherwise for it. */
export interface ImageKind {
  /** Berth's own image or one made FROM it; any other brings a server of its own (AIO). */
  readonly lite: boolean
  /** The lite server's start, where nothing was put in front of it: then it may be started with a user of its own. */
  readonly start: readonly string[] | null
  /** What the image itself sets. */
  readonly environment: Readonly<Record<string, string>>
}

/** Asks the engine. An image that is not there is of no kind: its creation says so. */
export async function imageKind(engine: Engine, reference: string, start: readonly string[]): Promise<ImageKind> {
  const info = await engine.call<Docker.ImageInspectInfo | null>('look at an image', 10_000, () => engine.docker.getImage(reference).inspect(), {
    idempotent: true,
    answers: { 400: () => null, 404: () => null },
  })
  if (info === null) return { lite: false, start: null, environment: {} }
  const { Labels, Entrypoint, Env } = info.Config
  const unchanged = JSON.stringify([Entrypoint ?? []].flat()) === JSON.stringify(start)
  return { lite: Boolean(Labels?.[liteLabel]), start: unchanged ? start : null, environment: variables(Env ?? []) }
}

/** The program that a Dockerfile starts; throws where it names none in the form of a list. */
export function entrypointOf(dockerfile: string): string[] {
  const line = /^ENTRYPOINT (\[.*\])$/m.exec(dockerfile)?.[1]
  if (line === undefined) throw new Error('the Dockerfile has no ENTRYPOINT')
  return JSON.parse(line) as string[]
}

function variables(lines: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    lines.map((line) => {
      const at = line.indexOf('=')
      return at < 0 ? [line, ''] : [line.slice(0, at), line.slice(at + 1)]
    }),
  )
}

/** It becomes part of a request's path, so what can be no image is not asked for. */
const possible = /^[A-Za-z0-9](?!.*\.\.)[A-Za-z0-9._:/@-]*$/

/** Whether the engine has this image. */
export async function present(engine: Engine, reference: string): Promise<boolean> {
  if (!possible.test(reference)) return false
  return engine.call<boolean>(
    'look at an image',
    10_000,
    async () => {
      await engine.docker.getImage(reference).inspect()
      return true
    },
    // 400: a name that can be none.
    { idempotent: true, answers: { 400: () => false, 404: () => false } },
  )
}
