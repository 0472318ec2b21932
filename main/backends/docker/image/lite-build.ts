import { createReadStream } from 'node:fs'
import { open, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createHash } from 'node:crypto'
import { pack, type Pack } from 'tar-stream'
import type { Progress } from '../../../../shared/sandbox.ts'
import { BerthError, fail } from '../../../../shared/errors.ts'
import type { Engine } from '../docker-engine.ts'
import { cancelled, diskFull, plain } from '../errors.ts'
import { type Base, bases } from './base.ts'
import { readEngineLines } from './engine-lines.ts'
import { liteLabel } from './image-kind.ts'
import type { AuthOptions } from './pull.ts'
import type { Resources } from '../../../base/resources.ts'

/** The image that Berth builds itself: its name in the configuration and on the engine. */
export const liteName = 'berth-lite'

export function isLite(image: string): boolean {
  return image === liteName
}

/** The files that the image is made of. */
export interface LiteFiles {
  /** Directory with `Dockerfile` and `setup.sh`. */
  readonly recipe: string
  /** The bundled sandbox server, one file. */
  readonly server: string
  /** A Linux node binary of each engine architecture (`x86_64`, `aarch64`) that is at hand. */
  readonly nodes: Readonly<Record<string, string>>
  /** Directory of npm's package; null: none at hand. */
  readonly npm: string | null
}

/** Out of what Berth came with, wherever that is. */
export function liteFiles(from: Resources): LiteFiles {
  const nodes: Record<string, string> = {}
  for (const [engineArch, arch] of [
    ['x86_64', 'x64'],
    ['aarch64', 'arm64'],
  ] as const) {
    const path = from.linuxNode(arch)
    if (path !== null) nodes[engineArch] = path
  }
  return { recipe: from.liteDir, server: from.serverFile, nodes, npm: from.npmDir }
}

export interface LiteRecipe {
  readonly dockerfile: string
  readonly setup: string
  readonly server: string
  /** Path; null: none at hand for this engine, so the base must bring one. */
  readonly node: string | null
  /** Directory of npm's package, to stand beside that node; null: none at hand, or the base brings both. */
  readonly npm: string | null
  /** Of everything above: another hash is another image. */
  readonly hash: string
}

export async function readRecipe(files: LiteFiles, arch: string): Promise<LiteRecipe> {
  const node = files.nodes[arch] ?? null
  const npm = node === null ? null : files.npm
  try {
    const [dockerfile, setup, server] = await Promise.all([
      readFile(join(files.recipe, 'Dockerfile'), 'utf8'),
      readFile(join(files.recipe, 'setup.sh'), 'utf8'),
      readFile(files.server, 'utf8'),
    ])
    const hash = createHash('sha256')
    for (const part of [dockerfile, setup, server]) hash.update(`${part.length}\n${part}`)
    hash.update(node === null ? 'none' : await sampleOf(node))
    // Its version is in there.
    hash.update(npm === null ? 'none' : await readFile(join(npm, 'package.json'), 'utf8'))
    return { dockerfile, setup, server, node, npm, hash: hash.digest('hex').slice(0, 12) }
  } catch (cause) {
    throw fail('IMAGE_BUILD_FAILED', `A file that ${liteName} is made of cannot be read`, {
      next: 'Run `npm run build`, which makes the sandbox server; a damaged clone is repaired by `git checkout .`.',
      cause,
    })
  }
}

/** Size, head, middle and tail: tells versions of a 120 MB binary apart without reading it all at every start. */
async function sampleOf(path: string): Promise<Buffer> {
  const { size } = await stat(path)
  const file = await open(path, 'r')
  try {
    const hash = createHash('sha256').update(String(size))
    for (const position of [0, Math.floor(size / 2), Math.max(0, size - 65_536)]) {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(65_536), 0, 65_536, position)
      hash.update(buffer.subarray(0, bytesRead))
    }
    return hash.digest()
  } finally {
    await file.close()
  }
}

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
  const note = (text: string, done: number | null = null, total: number | null = null) => report({ type: 'progress', step: 'image-build', text, done, total })
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

async function buildOn(
  base: Base,
  build: LiteBuild,
  note: (text: string, done?: number | null, total?: number | null) => void,
  signal: AbortSignal,
): Promise<void> {
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
  return engine.call<number | null>('look at an image', 10_000, async () => (await engine.docker.getImage(name).inspect()).Size, {
    idempotent: true,
    answers: { 404: () => null },
  })
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

/** Fixed, so that the same files make the same layers. */
const mtime = new Date(0)

/**
 * What the engine builds from, as a tar that is made while it is sent: the node binary is never held whole.
 * `node/` and `server/` are laid over `/`, each a layer, so that a new server alone makes a small one.
 */
function buildContext(recipe: LiteRecipe): { stream: Readable; sent: Promise<void> } {
  const tar = pack()
  const fill = async () => {
    const entry = (name: string, content: string) => tar.entry({ name, mtime, mode: 0o644, uid: 0, gid: 0 }, content)
    entry('Dockerfile', recipe.dockerfile)
    entry('setup.sh', recipe.setup)
    for (const name of ['node/', 'node/usr/', 'node/usr/local/', 'node/usr/local/bin/']) directory(tar, name)
    if (recipe.node !== null) {
      const { size } = await stat(recipe.node)
      const to = tar.entry({ name: 'node/usr/local/bin/node', mtime, mode: 0o755, uid: 0, gid: 0, size })
      await pipeline(createReadStream(recipe.node), to)
    }
    if (recipe.npm !== null) {
      for (const name of ['node/usr/local/lib/', 'node/usr/local/lib/node_modules/']) directory(tar, name)
      await tree(tar, recipe.npm, 'node/usr/local/lib/node_modules/npm')
      for (const command of ['npm', 'npx']) {
        tar.entry({ name: `node/usr/local/bin/${command}`, type: 'symlink', linkname: `../lib/node_modules/npm/bin/${command}-cli.js`, mtime, uid: 0, gid: 0 })
      }
    }
    for (const name of ['server/', 'server/usr/', 'server/usr/local/', 'server/usr/local/lib/', 'server/usr/local/lib/warden/']) directory(tar, name)
    tar.entry({ name: 'server/usr/local/lib/warden/warden', type: 'symlink', linkname: '/usr/local/bin/node', mtime, uid: 0, gid: 0 })
    entry('server/usr/local/lib/warden/warden.mjs', recipe.server)
    tar.finalize()
  }
  const sent = fill().catch((error: Error) => {
    tar.destroy(error)
    throw error
  })
  return { stream: Readable.from(tar, { objectMode: false }), sent }
}

/** A package as it lies on disk, without its manuals. */
async function tree(tar: Pack, from: string, to: string): Promise<void> {
  directory(tar, `${to}/`)
  const entries = await readdir(from, { withFileTypes: true })
  for (const each of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const [path, name] = [join(from, each.name), `${to}/${each.name}`]
    if (each.isDirectory() && !['docs', 'man'].includes(each.name)) await tree(tar, path, name)
    else if (each.isFile()) tar.entry({ name, mtime, mode: (await stat(path)).mode & 0o111 ? 0o755 : 0o644, uid: 0, gid: 0 }, await readFile(path))
  }
}

function directory(tar: Pack, name: string): void {
  tar.entry({ name, type: 'directory', mtime, mode: 0o755, uid: 0, gid: 0 })
}
