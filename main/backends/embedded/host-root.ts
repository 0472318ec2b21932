import { lstat, readdir, readlink, realpath, stat } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { fail } from '../../../shared/errors.ts'

/** What of this machine a sandbox's root is made of; read once, when the backend opens. */
export interface HostRoot {
  /** `/bin`, `/lib64`, ...: symlinks where `/usr` is merged, directories where not. */
  readonly top: readonly { readonly path: string; readonly link: string | null }[]
  /** Files and directories of `/etc` without secrets, only those that exist. */
  readonly etc: readonly string[]
  /** Where `/etc/resolv.conf` really is: often below `/run`, which a sandbox does not have. */
  readonly resolvConf: string | null
  /** Entries of `/proc` that a sandbox may read but not write, and those it may not even read. */
  readonly procReadonly: readonly string[]
  readonly procHidden: readonly { readonly path: string; readonly directory: boolean }[]
  /** Our own files: bound below `/opt/warden`. */
  readonly server: ServerFiles
}

/** How the lite server is run: its files as binds, and the path of its entry inside. */
export interface ServerFiles {
  readonly binds: readonly { readonly source: string; readonly target: string }[]
  readonly node: string
  readonly entry: string
}

const tops = ['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32']

// Not `/etc/ssl` and `/etc/pki` as a whole: they hold private keys, which a sandbox of root could read.
const etcNames = [
  'ssl/certs',
  'ssl/openssl.cnf',
  'pki/ca-trust',
  'pki/tls/certs',
  'pki/tls/cert.pem',
  'pki/tls/openssl.cnf',
  'ca-certificates',
  'ca-certificates.conf',
  'crypto-policies',
  'ld.so.cache',
  'ld.so.conf',
  'ld.so.conf.d',
  'alternatives',
  'localtime',
  'timezone',
  'os-release',
  'debian_version',
  'mime.types',
  'protocols',
  'services',
  'bash.bashrc',
  'bashrc',
  'profile',
  'profile.d',
  'inputrc',
  'terminfo',
  'fonts',
  'python3',
  'magic',
  'locale.conf',
  'default/locale',
]

// A kernel lets uid 0 write sysctls by the file's mode alone, without any capability: `/proc/sys/kernel/core_pattern` would
// be a way out. bubblewrap covers only some of this, so all of it is covered here, for ordinary users as well.
const procKeptWritable = new Set(['self', 'thread-self', 'net', 'mounts'])
const procHiddenNames = new Set(['acpi', 'asound', 'kcore', 'keys', 'latency_stats', 'sched_debug', 'scsi', 'timer_list', 'timer_stats'])

/** Reads the machine. `node` and `server` are host paths; a `.ts` server is run unbuilt, from its whole tree. */
export async function readHostRoot(node: string, server: string): Promise<HostRoot> {
  const [top, etc, proc, resolvConf, files] = await Promise.all([
    Promise.all(tops.map(readTop)),
    Promise.all(etcNames.map(async (name) => ((await exists(`/etc/${name}`)) ? `/etc/${name}` : null))),
    readProc(),
    realpath('/etc/resolv.conf').catch(absent),
    serverFiles(node, server),
  ])
  return {
    top: top.filter((one) => one !== null),
    etc: etc.filter((one) => one !== null),
    resolvConf,
    ...proc,
    server: files,
  }
}

async function serverFiles(node: string, server: string): Promise<ServerFiles> {
  const [realNode, realServer] = (await Promise.all(
    [node, server].map(async (path) => {
      try {
        return await realpath(path)
      } catch (cause) {
        throw fail('START_FAILED', `The embedded backend needs ${path}, which cannot be read.`, {
          next: 'Run `npm start` (or `npm run build`) in a complete checkout.',
          cause,
        })
      }
    }),
  )) as [string, string]
  // Agents end their own programs by `pkill -f node`, `server` or `sandbox`: none of these words is in our command line.
  const nodeOfSandbox = '/opt/warden/warden'
  const nodeBind = { source: realNode, target: nodeOfSandbox }
  if (!realServer.endsWith('.ts')) {
    const entry = '/opt/warden/warden.mjs'
    return { binds: [nodeBind, { source: realServer, target: entry }], node: nodeOfSandbox, entry }
  }
  const tree = await packageRoot(realServer)
  const parts: { source: string; target: string }[] = [nodeBind]
  const own = relative(tree, realServer).split('/')[0]!
  for (const part of new Set(['package.json', 'main', 'shared', 'node_modules', own])) {
    if (await exists(join(tree, part))) parts.push({ source: join(tree, part), target: `/opt/warden/tree/${part}` })
  }
  return { binds: parts, node: nodeOfSandbox, entry: `/opt/warden/tree${realServer.slice(tree.length)}` }
}

async function packageRoot(file: string): Promise<string> {
  for (let at = dirname(file); ; at = dirname(at)) {
    if (await exists(join(at, 'package.json'))) return at
    if (at === dirname(at)) {
      throw fail('START_FAILED', `No package.json above ${file}.`, { next: 'Run Berth from a complete checkout.' })
    }
  }
}

async function readTop(path: string): Promise<HostRoot['top'][number] | null> {
  const found = await lstat(path).catch(absent)
  if (!found) return null
  return { path, link: found.isSymbolicLink() ? await readlink(path) : null }
}

async function readProc(): Promise<Pick<HostRoot, 'procReadonly' | 'procHidden'>> {
  const procReadonly: string[] = []
  const procHidden: { path: string; directory: boolean }[] = []
  for (const entry of await readdir('/proc', { withFileTypes: true })) {
    const path = `/proc/${entry.name}`
    if (/^\d+$/.test(entry.name) || procKeptWritable.has(entry.name) || entry.isSymbolicLink()) continue
    if (procHiddenNames.has(entry.name)) procHidden.push({ path, directory: entry.isDirectory() })
    else if (entry.isDirectory()) procReadonly.push(path)
    else {
      const found = await lstat(path).catch(absent)
      if (found && (found.mode & 0o222) !== 0) procReadonly.push(path)
    }
  }
  return { procReadonly, procHidden }
}

async function exists(path: string): Promise<boolean> {
  // Follows symlinks: a dangling one cannot be bound.
  return (await stat(path).catch(absent)) !== null
}

/** Not there, or not for us to see: then it is not part of the root. */
function absent(): null {
  return null
}
