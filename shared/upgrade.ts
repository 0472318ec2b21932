/**
 * Whether an offer to change the protocol is taken up. WebSockets are; any other (`h2c`, which Java's HttpClient and
 * `curl --http2` send along with an ordinary request) is ignored and the request answered in HTTP/1.1, as RFC 9110 7.8 has it.
 */
export function takesUpgrade(request: { readonly headers: { readonly upgrade?: string | undefined } }): boolean {
  return request.headers.upgrade?.trim().toLowerCase() === 'websocket'
}
