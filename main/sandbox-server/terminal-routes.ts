import type { Call } from './call.ts'
import type { Gate } from './auth.ts'
import { RequestError, ok } from './reply.ts'
import type { Reply } from './reply.ts'
import { look, work } from './router.ts'
import type { Route } from './router.ts'
import { terminalPage } from './terminal-page.ts'
import type { Terminals } from './terminal.ts'

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
