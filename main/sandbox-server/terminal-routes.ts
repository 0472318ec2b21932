import type { Call } from './served-call.ts'
import { type Gate, look, type Route, work } from './router.ts'
import { ok, type Reply, RequestError } from './reply.ts'
import type { Terminals } from './terminal.ts'

/**
 * A terminal for a browser without anything from elsewhere. It is no terminal emulator: escape sequences are left out,
 * so it asks for a `dumb` terminal, on which shells and most line programs behave.
 */
const terminalPage = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="referrer" content="no-referrer"><title>Terminal</title>
<style>
  html, body { margin: 0; height: 100%; background: #111418; color: #d7dce2; }
  pre { box-sizing: border-box; height: 100%; margin: 0; padding: 12px; overflow: auto; font: 14px/1.4 ui-monospace, monospace;
    white-space: pre-wrap; word-break: break-all; outline: none; }
  pre::after { content: '\\2588'; opacity: .6; } pre.off::after { content: ' [closed]'; }
</style></head><body><pre id="t" tabindex="0" role="log" aria-label="Terminal"></pre><script>
const view = document.getElementById('t')
const query = new URLSearchParams(location.search)
query.set('term', 'dumb')
const url = new URL('v1/shell/ws', location.href.split('?')[0])
url.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:'
url.search = query
const socket = new WebSocket(url)
const send = (message) => socket.readyState === 1 && socket.send(JSON.stringify(message))
const keys = { Enter: '\\r', Backspace: '\\x7f', Tab: '\\t', Escape: '\\x1b', ArrowUp: '\\x1b[A', ArrowDown: '\\x1b[B', ArrowRight: '\\x1b[C', ArrowLeft: '\\x1b[D' }
let text = ''
let column = 0
function show(data) {
  data = data.replace(/\\x1b\\[[0-9;?]*[ -\\/]*[@-~]|\\x1b\\][^\\x07]*\\x07|\\x1b[@-_]/g, '')
  let start = text.lastIndexOf('\\n') + 1
  let line = text.slice(start)
  let done = text.slice(0, start)
  for (const c of data) {
    if (c === '\\n') { done += line + '\\n'; line = ''; column = 0 }
    else if (c === '\\r') column = 0
    else if (c === '\\b') column = Math.max(0, column - 1)
    else if (c >= ' ' || c === '\\t') { line = line.slice(0, column) + c + line.slice(column + 1); column += 1 }
  }
  text = (done + line).slice(-200000)
  view.textContent = text
  view.scrollTop = view.scrollHeight
}
function size() {
  send({ type: 'resize', data: { cols: Math.max(20, Math.floor((view.clientWidth - 24) / 8.43)), rows: Math.max(5, Math.floor((view.clientHeight - 24) / 19.6)) } })
}
socket.onmessage = (event) => {
  const message = JSON.parse(event.data)
  if (message.type === 'output' || message.type === 'error') show(message.data)
  else if (message.type === 'ping') send({ type: 'pong', data: { timestamp: message.timestamp } })
  else if (message.type === 'ready') size()
  else if (message.type === 'session_id') {
    const next = new URL(location.href)
    next.searchParams.set('session_id', message.data)
    history.replaceState(null, '', next)
  }
}
socket.onclose = () => view.classList.add('off')
addEventListener('resize', size)
view.addEventListener('keydown', (event) => {
  let data = keys[event.key]
  if (event.ctrlKey && !event.shiftKey && /^[a-z@[\\]\\\\^_]$/i.test(event.key)) data = String.fromCharCode(event.key.toUpperCase().charCodeAt(0) & 31)
  else if (!event.ctrlKey && !event.metaKey && event.key.length === 1) data = event.key
  if (data === undefined) return
  event.preventDefault()
  send({ type: 'input', data })
})
view.addEventListener('paste', (event) => { event.preventDefault(); send({ type: 'input', data: event.clipboardData.getData('text') }) })
view.focus()
</script></body></html>
`

export function terminalRoutes(terminals: Terminals, gate: Gate): Route[] {
  const page = (call: Call): Reply => {
    call.response.writeHead(200, {
      'content-type': 'text/html; charset=utf-8',
      'content-length': Buffer.byteLength(terminalPage),
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self' ws: wss:",
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    })
    call.response.end(call.request.method === 'HEAD' ? '' : terminalPage)
    return 'sent'
  }
  const url = async (call: Call): Promise<Reply> => {
    const terminal = await terminals.open({ term: 'xterm-256color', thread: '' })
    if (!terminal) throw new RequestError(400, 'Cannot create shell session: session limit reached')
    const host = call.request.headers.host ?? 'localhost'
    const ticket = gate.open ? '' : `&ticket=${gate.ticket().ticket}`
    return ok(`http://${host}/terminal?session_id=${terminal.id}${ticket}`)
  }
  return [
    look('GET', '/terminal', 'A terminal in the browser', page),
    work('GET', '/v1/shell/terminal-url', 'Open a terminal and give its address', url),
    look('POST', '/tickets', 'A ticket for what cannot send a header', () => ({ status: 200, body: gate.ticket() })),
  ]
}
