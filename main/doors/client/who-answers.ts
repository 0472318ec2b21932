import { randomBytes, timingSafeEqual } from 'node:crypto'
import { request as httpRequest } from 'node:http'
import { calls, type CallResult } from '../../../shared/contract.ts'
import { proofOf } from '../../calls/rpc/contract-hash.ts'

/** `ours`: it knows the token. `other`: something answers that does not. `nobody`: nothing answers in time. */
export type Answerer =
  | { readonly who: 'ours'; readonly health: CallResult<'health'> }
  /** `home`: it is the engine of a home that has nothing to do with this one. */
  | { readonly who: 'other'; readonly reason: string; readonly home?: true }
  | { readonly who: 'nobody'; readonly reason: string }

/** An engine that answered for its home, and proved that it knows the token. */
export interface AnsweringEngine {
  readonly url: string
  readonly pid: number
  readonly health: CallResult<'health'>
}

const largestAnswer = 65_536

/** Asks an address whether the engine of this home is there, without showing it the token. Only loopback is asked. Never throws. */
export async function whoAnswers(url: string, { token, home }: { token: string; home: string }, timeoutMs = 3000): Promise<Answerer> {
  if (!/^http:\/\/(?:127\.0\.0\.1|localhost|\[::1\]):\d{1,5}$/.test(url)) return { who: 'nobody', reason: `${url} is not on this machine` }
  const nonce = randomBytes(24).toString('hex')
  let text: string
  try {
    text = await get(`${url}/health?nonce=${nonce}`, timeoutMs)
  } catch (thrown) {
    return { who: 'nobody', reason: thrown instanceof Error ? thrown.message : String(thrown) }
  }
  const health = parseHealth(text)
  if (!health) return { who: 'other', reason: 'It is not Berth' }
  if (!same(health.proof, proofOf(token, nonce))) {
    return { who: 'other', reason: `It is the Berth of another home (instance ${health.instance})`, home: true }
  }
  // A copied home has the same token. An older Berth says nothing of its home.
  if (health.home_proof !== undefined && !same(health.home_proof, proofOf(token, `${nonce}\n${home}`))) {
    return { who: 'other', reason: `It is the Berth of a home that this one is a copy of, or that was moved (instance ${health.instance})` }
  }
  return { who: 'ours', health }
}

function same(given: string | undefined, wanted: string): boolean {
  const [one, other] = [Buffer.from(given ?? ''), Buffer.from(wanted)]
  return one.byteLength === other.byteLength && timingSafeEqual(one, other)
}

function parseHealth(text: string): CallResult<'health'> | null {
  try {
    return calls.health.result.parse(JSON.parse(text))
  } catch {
    return null
  }
}

function get(url: string, timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { agent: false, signal: AbortSignal.timeout(timeoutMs) }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (part: string) => {
        text += part
        if (text.length > largestAnswer) request.destroy(new Error('its answer is too long'))
      })
      response.on('end', () => resolve(text)).on('error', reject)
    })
    request.on('error', reject).end()
  })
}
