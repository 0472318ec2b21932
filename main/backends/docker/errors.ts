import { fail, type BerthError } from '../../../shared/errors.ts'

/** An answer of the engine that is not a success: HTTP status and the engine's own sentence. */
export interface Refusal {
  readonly status: number
  readonly text: string
}

const noSpace = /no space left on device|disk quota exceeded|ENOSPC/i
const brokenConnection = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'ERR_STREAM_PREMATURE_CLOSE'])

/** What dockerode threw, if it was an answer of the engine. */
export function refusalOf(thrown: unknown): Refusal | null {
  if (!(thrown instanceof Error) || !('statusCode' in thrown) || typeof thrown.statusCode !== 'number') return null
  const json: unknown = 'json' in thrown ? thrown.json : null
  const text = json !== null && typeof json === 'object' && 'message' in json ? String(json.message) : thrown.message
  return { status: thrown.statusCode, text: text.trim() }
}

/** A kept connection that the engine had closed: the request may be sent again if it changes nothing. */
export function connectionBroke(thrown: unknown): boolean {
  const code = codeOf(thrown)
  return (code !== null && brokenConnection.has(code)) || (thrown instanceof Error && thrown.message === 'socket hang up')
}

export function cancelled(doing: string): BerthError {
  return fail('CANCELLED', `Cancelled while Berth wanted to ${doing}`, { next: 'Ask again if you still need it.' })
}

export function tooSlow(doing: string, where: string, ms: number): BerthError {
  return fail('ENGINE_UNREACHABLE', `The container engine at ${where} did not answer within ${ms / 1000} s when asked to ${doing}`, {
    next: 'Look whether the engine is stuck: `docker info` must answer. Restarting it does not delete sandboxes’ files.',
  })
}

/** No answer at all: the connection could not be made, or it broke. `seen`: this engine has answered before. */
export function unreachable(thrown: unknown, doing: string, where: string, seen: boolean): BerthError {
  const code = codeOf(thrown)
  const cause = plain(thrown)
  if (code === 'ENOENT' && !seen) {
    return fail('ENGINE_MISSING', `There is no container engine: nothing is at ${where}`, {
      next: 'Install Docker or start it (`sudo systemctl start docker`, or open Docker Desktop); if it listens elsewhere, set DOCKER_HOST.',
      cause,
    })
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return fail('ENGINE_UNREACHABLE', `This user may not talk to the container engine at ${where}`, {
      next: 'Run `sudo usermod -aG docker "$USER"`, then log out and in again.',
      cause,
    })
  }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return fail('ENGINE_UNREACHABLE', `The host of the container engine at ${where} has no address`, {
      next: 'Check DOCKER_HOST, or the context that `docker context show` names.',
      cause,
    })
  }
  return fail('ENGINE_UNREACHABLE', `The container engine at ${where} does not answer (Berth wanted to ${doing})`, {
    next: 'Start it: `sudo systemctl start docker`, or open Docker Desktop. Berth goes on by itself when it is back.',
    cause,
  })
}

/** An answer that no caller expected. */
export function refused(doing: string, refusal: Refusal): BerthError {
  if (noSpace.test(refusal.text)) return diskFull(doing, refusal.text)
  return fail('ENGINE_FAILED', `The container engine could not ${doing}: ${refusal.text}`, {
    next: 'Try again; if it stays, the engine’s own log says more (`journalctl -u docker`).',
    details: { status: refusal.status },
  })
}

export function diskFull(doing: string, text: string): BerthError {
  return fail('DISK_FULL', `The container engine’s disk is full; it could not ${doing}`, {
    next: 'Make room: `docker system df` shows what takes it, `docker image prune` removes unused images.',
    cause: new Error(text),
  })
}

/** An error without dockerode's fields, which hold the whole answer. */
export function plain(thrown: unknown): Error {
  return new Error(thrown instanceof Error ? thrown.message : String(thrown))
}

function codeOf(thrown: unknown): string | null {
  for (let at = thrown; at instanceof Error; at = at.cause) {
    if ('code' in at && typeof at.code === 'string') return at.code
  }
  return null
}
