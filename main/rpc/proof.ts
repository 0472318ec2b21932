import { createHmac } from 'node:crypto'

/** Shows knowledge of the token without showing the token: HMAC-SHA256(token, nonce), hex. */
export function proofOf(token: string, nonce: string): string {
  return createHmac('sha256', token).update(nonce).digest('hex')
}
