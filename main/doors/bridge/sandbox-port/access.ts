import type { IncomingMessage, ServerResponse } from 'node:http'
import { BerthError, fail } from '../../../../shared/errors.ts'
import type { Dispatch } from '../../../calls/rpc/dispatch.ts'
import { badHost, type Hosts, nameIn, namesUs, onlyHost, presentedToken, refusePage } from '../../http/guard.ts'
import type { Caller, Identify } from '../../../house/tokens/caller.ts'
import type { Capabilities } from './capabilities.ts'
import { secure } from '../../http/dialect.ts'

/** Berth's own place on a sandbox's origin; nothing below it reaches the sandbox. */
const ownPaths = '/.berth'
export const enterPath = `${ownPaths}/enter`

/** No name that begins like this is ever passed on, in either direction. */
export const cookiePrefix = 'berth-'

const cookieName = (id: string): string => `${cookiePrefix}${id}`

/** Where a browser goes after it entered: a path of the sandbox's own, and nothing that a browser reads as another host. */
function destination(to: string | null): string {
  return to !== null && /^\/(?![/\\])[\x21-\x7e]*$/.test(to) && !to.includes('\\') ? to : '/'
}

/**
 * Lets a browser in. The page goes on by itself: a redirect would still count as asked for by the page with the link, and
 * a strict cookie does not come with that.
 */
export function letIn(response: ServerResponse, cookie: { id: string; value: string }, to: string): void {
  secure(response)
  response.setHeader('set-cookie', `${cookieName(cookie.id)}=${cookie.value}; Path=/; HttpOnly; SameSite=Strict`)
  sendPage(response, 200, 'Opening the sandbox', `<meta http-equiv="refresh" content="0;url=${escaped(to)}">`, `<a href="${escaped(to)}">Go on</a>`)
}

/** For a person who came without having entered. */
export function turnAway(response: ServerResponse, status: number, message: string, next: string): void {
  secure(response)
  sendPage(response, status, message, '', escaped(next))
}

function sendPage(response: ServerResponse, status: number, title: string, head: string, body: string): void {
  const html = `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="color-scheme" content="light dark">${head}<title>${escaped(title)}</title></head><body><h1>${escaped(title)}</h1><p>${body}</p></body></html>\n`
  const bytes = Buffer.from(html, 'utf8')
  response.writeHead(status, { 'content-type': 'text/html; charset=utf-8', 'content-length': bytes.byteLength })
  response.end(bytes)
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)
}

/** A request that may go to a sandbox. */
export interface Pass {
  readonly kind: 'pass'
  readonly id: string
  /** `path`: `/s/{id}…` for programs. `browser`: the sandbox's own host name. */
  readonly form: 'path' | 'browser'
  /** What of the path is ours and not the sandbox's; '' for a browser. */
  readonly prefix: string
  /** For the sandbox: path and query, as they were sent. */
  readonly target: string
  /** The Host header. */
  readonly host: string
  /** Aborts when the token that opened the door is revoked; null where a secret did. */
  readonly revoked: AbortSignal | null
}

/** A browser that showed the secret: it is given its cookie. */
export interface Entering {
  readonly kind: 'enter'
  readonly id: string
  readonly to: string
}

/** Reads who is meant and whether they may; throws what is to be answered. */
export type Door = (request: IncomingMessage, options: { upgrade: boolean; signal: AbortSignal }) => Promise<Pass | Entering>

const pathForm = /^\/s\/([a-f0-9]{16})(?:\.([a-f0-9]{32}))?(\/[^?]*)?(\?.*)?$/s
const browserHost = /^([a-f0-9]{16})\.localhost$/

export function openDoor(deps: {
  hosts: Hosts
  capabilities: Capabilities
  identify: Identify
  dispatch: Dispatch
  begun: (signal: AbortSignal) => Promise<void>
}): Door {
  const { capabilities } = deps

  async function program(request: IncomingMessage, host: string, signal: AbortSignal): Promise<Pass> {
    const [, id, secret, path, query] = pathForm.exec(request.url ?? '') ?? []
    if (id === undefined) throw noSuch()
    const caller = secret === undefined ? await byToken(request, id, signal) : null
    if (caller === null && !(secret !== undefined && capabilities.admits('path', id, secret))) throw noSuch()
    const prefix = `/s/${id}${secret === undefined ? '' : `.${secret}`}`
    return { kind: 'pass', id, form: 'path', prefix, target: `${path ?? '/'}${query ?? ''}`, host, revoked: caller?.revoked ?? null }
  }

  /** What a token may see is decided where it is decided for every call. */
  async function byToken(request: IncomingMessage, id: string, signal: AbortSignal): Promise<Caller | null> {
    const token = presentedToken(request.headers)
    const caller = token === null ? null : deps.identify(token)
    if (!caller) return null
    const who = `client:${caller.name}`
    // Before the engine was looked at nothing is known, which is not the same as not being there.
    await deps.begun(signal)
    try {
      await deps.dispatch({ scope: caller.scope, client: caller.name, bounds: caller.bounds, who, signal, transport: 'http' }, 'get', { id })
      return caller
    } catch (error) {
      if (error instanceof BerthError && error.code !== 'INTERNAL') return null
      throw error
    }
  }

  function browser(request: IncomingMessage, id: string, host: string, upgrade: boolean): Pass | Entering {
    const url = request.url ?? ''
    // No absolute form: what is forwarded is a path.
    if (!url.startsWith('/')) throw noSuch()
    const path = url.split('?', 1)[0] ?? ''
    if (path === enterPath) return entering(request, id, url)
    const refused = refusePage(request, host)
    if (refused) throw refused
    if (upgrade && request.headers.origin === undefined)
      throw fail('BAD_ORIGIN', 'A browser says which page opens a WebSocket', { next: 'Programs use the address that acquire gives.' })
    if (!cookiesOf(request, id).some((shown) => capabilities.admits('browser', id, shown))) throw notEntered()
    if (path === ownPaths || path.startsWith(`${ownPaths}/`)) throw noSuch()
    return { kind: 'pass', id, form: 'browser', prefix: '', target: url, host, revoked: null }
  }

  /** By a link from anywhere: the secret in it is what counts. As a page of its own, never inside another. */
  function entering(request: IncomingMessage, id: string, url: string): Entering {
    const query = new URLSearchParams(url.slice(enterPath.length))
    const dest = request.headers['sec-fetch-dest']
    const asPage = request.method === 'GET' && request.headers.origin === undefined && (dest === undefined || dest === 'document')
    if (!asPage || !capabilities.admits('path', id, query.get('key') ?? '')) throw notEntered()
    return { kind: 'enter', id, to: destination(query.get('to')) }
  }

  return async (request, { upgrade, signal }) => {
    const host = onlyHost(request)
    const name = nameIn(host)
    if (host === undefined || name === null) throw badHost()
    const id = browserHost.exec(name)?.[1]
    if (id !== undefined) return browser(request, id, host, upgrade)
    if (!namesUs(name, deps.hosts, request.socket.localAddress)) throw badHost()
    const refused = refusePage(request, host) ?? refuseBrowser(request)
    if (refused) throw refused
    return await program(request, host, signal)
  }
}

/**
 * All sandboxes share the path form's origin, so nothing that a browser would run or keep there may come from it: no page, no
 * frame, no script and no worker. What a program's `fetch` and `WebSocket` send, `Sec-Fetch-Mode` alone, passes.
 */
function refuseBrowser(request: IncomingMessage): BerthError | null {
  const { 'sec-fetch-dest': dest, 'sec-fetch-mode': mode, 'service-worker': worker } = request.headers
  if ((dest === undefined || dest === 'empty') && mode !== 'navigate' && worker === undefined) return null
  return fail('BAD_ORIGIN', 'This address is for programs', { next: 'Open a sandbox in a browser by the `enter_url` that acquire gives.' })
}

function cookiesOf(request: IncomingMessage, id: string): string[] {
  const prefix = `${cookieName(id)}=`
  return (request.headers.cookie ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(prefix))
    .map((pair) => pair.slice(prefix.length))
}

/** One answer for all: an id that does not exist, a wrong secret, none at all, and a token that may not. */
function noSuch(): BerthError {
  return fail('SANDBOX_NOT_FOUND', 'There is no sandbox at this address, or its secret is not right', {
    next: 'Acquire the sandbox again and use the `url` that comes with it, or send a token in a header.',
  })
}

function notEntered(): BerthError {
  return fail('FORBIDDEN', 'This browser has not entered this sandbox', { next: "Open the sandbox from Berth again, or by acquire's `enter_url`." })
}
