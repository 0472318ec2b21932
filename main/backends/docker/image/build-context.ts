import { createReadStream } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { pack, type Pack } from 'tar-stream'
import type { LiteRecipe } from './lite-recipe.ts'

/** Fixed, so that the same files make the same layers. */
const mtime = new Date(0)

/**
 * What the engine builds from, as a tar that is made while it is sent: the node binary is never held whole.
 * `node/` and `server/` are laid over `/`, each a layer, so that a new server alone makes a small one.
 */
export function buildContext(recipe: LiteRecipe): { stream: Readable; sent: Promise<void> } {
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
