import type { ServerResponse } from 'node:http'
import { secure } from '../respond.ts'

/** Berth's own place on a sandbox's origin; nothing below it reaches the sandbox. */
export const ownPaths = '/.berth'
export const enterPath = `${ownPaths}/enter`

/** No name that begins like this is ever passed on, in either direction. */
export const cookiePrefix = 'berth-'

export const cookieName = (id: string): string => `${cookiePrefix}${id}`

/** Where a browser goes after it entered: a path of the sandbox's own, and nothing that a browser reads as another host. */
export function destination(to: string | null): string {
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
