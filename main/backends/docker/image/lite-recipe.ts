import { createHash } from 'node:crypto'
import { open, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fail } from '../../../../shared/errors.ts'
import type { Resources } from '../../../resources.ts'

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
  for (const [engineArch, arch] of [['x86_64', 'x64'], ['aarch64', 'arm64']] as const) {
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
