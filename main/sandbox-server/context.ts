import { readFileSync, readdirSync, statSync } from 'node:fs'
import { arch, release } from 'node:os'
import { delimiter, join } from 'node:path'
import type { Reply } from './reply.ts'
import type { Settings } from './settings.ts'

/** What `GET /v1/sandbox` says; the Python SDK refuses it when one of these fields is missing. */
export function sandboxContexts(settings: Settings): (port: number) => Reply {
  const os = osName()
  const installed = memo(settings, () => ({ python: tools('python', settings), nodejs: tools('node', settings) }))
  return (port) => sandboxContext(settings, port, os, installed())
}

function sandboxContext(settings: Settings, port: number, os: string, runtime: { python: Tool[]; nodejs: Tool[] }): Reply {
  const { home, version, user, timezone } = settings
  const workspace = settings.workspace.path()
  return {
    status: 200,
    body: {
      success: true,
      message: 'Operation successful',
      data: `Berth lite sandbox ${version}. Home: ${home}. Workspace: ${workspace}. Shell, bash, file and code operations; no browser.`,
      hint: null,
      home_dir: home,
      workspace,
      version: `1.9.4-lite.${version}`,
      detail: {
        system: {
          os: 'Linux',
          os_version: os,
          arch: arch() === 'x64' ? 'x86_64' : arch() === 'arm64' ? 'aarch64' : arch(),
          user,
          home_dir: home,
          workspace,
          timezone,
          occupied_ports: [String(port)],
        },
        runtime,
        utils: [],
      },
    },
  }
}

function osName(): string {
  try {
    return /^PRETTY_NAME="?([^"\n]*)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? release()
  } catch {
    return release() // No such file is no fault: the kernel's release stands for it.
  }
}

/** Whoever wants to know whether this sandbox lives asks here, so that PATH is read again only after something came or went in it. */
function memo<T>(settings: Settings, make: () => T): () => T {
  let known: { key: string; value: T } | null = null
  return () => {
    const key = directories(settings).map(changed).join()
    if (known?.key !== key) known = { key, value: make() }
    return known.value
  }
}

const directories = (settings: Settings) => (settings.environment['PATH'] ?? '').split(delimiter)

function changed(directory: string): number {
  try {
    return statSync(directory).mtimeMs
  } catch {
    return 0 // Not there, or not to be looked into: `entries` says the same.
  }
}

interface Tool {
  readonly ver: string | null
  readonly bin: string
  readonly alias: readonly string[]
}

/** `python3.12` in PATH is Python 3.12; nothing is started to find out, as readiness is asked for every few seconds. */
function tools(name: 'python' | 'node', settings: Settings): Tool[] {
  const wanted = name === 'python' ? /^python(3\.\d+)$/ : /^node$/
  const found: Tool[] = []
  for (const directory of directories(settings)) {
    for (const each of entries(directory)) {
      const match = wanted.exec(each)
      const bin = join(directory, each)
      if (!match || found.some((tool) => same(tool.bin, bin))) continue
      found.push({ ver: match[1] ?? null, bin, alias: name === 'python' ? ['python3'] : ['node'] })
    }
  }
  return found
}

function entries(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return [] // PATH often names what is not there.
  }
}

function same(a: string, b: string): boolean {
  try {
    return statSync(a).ino === statSync(b).ino
  } catch {
    return false
  }
}
