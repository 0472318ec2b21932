import { readFile, realpath } from 'node:fs/promises'
import path from 'node:path'
import { errno } from '../../main/base/write-atomic.ts'
import type { SchemeAnswer } from '../system/system.ts'

export const scheme = 'app'
/** The origin of every page of ours. */
export const origin = `${scheme}://bundle`

/** Nothing but what the bundle brings, and no code but its files'. xterm makes style elements of its own. */
export const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "object-src 'none'",
].join('; ')

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
  '.txt': 'text/plain; charset=utf-8',
}

/** Answers for `app://bundle/`: the files of one directory, and nothing beside it, whatever the address says. */
export async function serveBundle(directory: string, { url, method }: { url: string; method: string }): Promise<SchemeAnswer> {
  if (method !== 'GET' && method !== 'HEAD') return refuse(405)
  const name = nameIn(url)
  if (name === null) return refuse(404)
  try {
    const root = await realpath(directory)
    const file = await realpath(path.join(root, name))
    if (!file.startsWith(`${root}${path.sep}`)) return refuse(404)
    const body = await readFile(file)
    return { status: 200, headers: headersFor(types[path.extname(file)] ?? 'application/octet-stream'), body: method === 'HEAD' ? null : body }
  } catch (error) {
    if (!['ENOENT', 'ENOTDIR', 'EISDIR'].includes(errno(error))) console.error(`a file of the page could not be read: ${String(error)}`)
    return refuse(404)
  }
}

/** The path below the bundle that an address names, null where it is none. */
export function nameIn(url: string): string | null {
  let pathname: string
  try {
    const parsed = new URL(url)
    if (parsed.protocol !== `${scheme}:` || parsed.host !== 'bundle') return null
    pathname = decodeURIComponent(parsed.pathname)
  } catch {
    // No address, or escapes that stand for nothing.
    return null
  }
  if (/[\0\\]/.test(pathname) || pathname.split('/').includes('..')) return null
  return pathname === '/' ? 'index.html' : pathname.slice(1)
}

function refuse(status: number): SchemeAnswer {
  return { status, headers: headersFor('text/plain; charset=utf-8'), body: null }
}

function headersFor(type: string): Record<string, string> {
  return {
    'content-type': type,
    'content-security-policy': policy,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-cache',
    'cross-origin-opener-policy': 'same-origin',
  }
}
