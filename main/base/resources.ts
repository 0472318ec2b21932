import { existsSync, realpathSync } from 'node:fs'
import path from 'node:path'

/** Files that Berth hands to a container engine or a child process, so that they must be real files on disk. */
export interface Resources {
  /** The lite server: one self-contained ES module. */
  readonly serverFile: string
  /** Dockerfile and scripts of the lite image. */
  readonly liteDir: string
  /** The Node that runs the lite server on this host (embedded backend). */
  readonly nodeBinary: string
  /** A Linux Node for the lite image, by the image's architecture; null where this host has none to give. */
  linuxNode(arch: 'x64' | 'arm64'): string | null
  /** npm's own package, for the lite image; null where this host has none to give. */
  readonly npmDir: string | null
}

/**
 * Where these files are: in the directory that BERTH_RESOURCES names (a packaged app keeps them outside its archive,
 * where neither bubblewrap nor an image build could read), else in out/, found from this module, which lies in
 * main/base/ or, built, in out/main/.
 */
export function resources(env: NodeJS.ProcessEnv = process.env, here: string = import.meta.dirname): Resources {
  const base = env['BERTH_RESOURCES']
  const above = path.basename(here) === 'base' ? path.dirname(path.dirname(here)) : path.dirname(here)
  const built = base ?? (existsSync(path.join(above, 'sandbox-server.mjs')) ? above : path.join(above, 'out'))
  const source = path.join(above, 'main', 'backends', 'docker', 'lite')
  const shippedNode = path.join(built, 'node')
  return {
    serverFile: path.join(built, 'sandbox-server.mjs'),
    // Unbuilt, the sources themselves: what is edited there counts at once.
    liteDir: base === undefined && existsSync(source) ? source : path.join(built, 'lite'),
    nodeBinary: base !== undefined && existsSync(shippedNode) ? shippedNode : process.execPath,
    linuxNode: (arch) => linuxNode(arch, base, built),
    npmDir: existing(base === undefined ? path.join(path.dirname(built), 'node_modules', 'npm') : path.join(base, 'npm')),
  }
}

/** The built page: `out/renderer`, or beside the rest in a packaged app. */
export function rendererDir(env: NodeJS.ProcessEnv = process.env, here: string = import.meta.dirname): string {
  return path.join(path.dirname(resources(env, here).serverFile), 'renderer')
}

const existing = (place: string): string | null => (existsSync(place) ? place : null)

function linuxNode(arch: 'x64' | 'arm64', base: string | undefined, built: string): string | null {
  const places =
    base === undefined
      ? [path.join(path.dirname(built), 'node_modules', `node-linux-${arch}`, 'bin', 'node')]
      : [path.join(base, `node-linux-${arch}`), ...(process.platform === 'linux' && process.arch === arch ? [path.join(base, 'node')] : [])]
  const found = places.find((place) => existsSync(place))
  if (found !== undefined) return realpathSync(found)
  // Outside a packaged app, this very process runs on such a Node or on one as good.
  return base === undefined && process.platform === 'linux' && process.arch === arch ? process.execPath : null
}
