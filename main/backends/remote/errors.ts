import { fail, type BerthError } from '../../../shared/errors.ts'

const goesOn = 'Berth goes on by itself when it answers again.'

export function silent(where: string, doing: string, cause: unknown): BerthError {
  const text = cause instanceof Error ? cause.message : String(cause)
  return fail('ENGINE_UNREACHABLE', `The provisioner at ${where} does not answer (Berth wanted to ${doing}): ${text || 'the connection failed'}`, {
    next: `Look whether it runs and can be reached from this machine: \`curl ${where}/health\`. ${goesOn}`,
    cause,
  })
}

export function tooSlow(where: string, doing: string, ms: number): BerthError {
  return fail('ENGINE_UNREACHABLE', `The provisioner at ${where} did not answer within ${ms / 1000} s when asked to ${doing}`, {
    next: `Look whether it is stuck: \`curl ${where}/health\`. ${goesOn}`,
  })
}

/** It answered, but with what the dialect does not have there: a proxy's page, another program, a half-written body. */
export function nonsense(where: string, doing: string, status: number): BerthError {
  return fail(
    'ENGINE_UNREACHABLE',
    `What answers at ${where} is no provisioner, or does not work as one: it answered ${status} with something else when asked to ${doing}`,
    {
      next: 'Check sandbox.provisioner_url: it is the address of deer-flow’s provisioner or of another Berth’s bridge, without `/api`.',
      details: { status },
    },
  )
}

/** Any answer but a success, a 404 or a refused key: what it means for the sandbox is unknown. */
export function troubled(where: string, doing: string, status: number, said: string | null): BerthError {
  return fail('ENGINE_UNREACHABLE', `The provisioner at ${where} could not ${doing}: ${said ?? `it answered ${status}`}`, {
    next: `Its own log says more. ${goesOn}`,
    details: { status },
  })
}

/** Not UNAUTHORIZED: that would tell our own caller that its key were wrong. */
export function keyRefused(where: string, status: number): BerthError {
  return fail('ENGINE_FAILED', `The provisioner at ${where} does not take the key that Berth has for it (${status})`, {
    next: 'Set sandbox.provisioner_api_key to its key (another Berth: a token of `berth token add`), then restart Berth.',
    details: { status },
  })
}

/** It understood, and does not want to: asking again changes nothing. */
export function refused(where: string, status: number, said: string | null): BerthError {
  return fail('ENGINE_FAILED', `The provisioner at ${where} refuses to make this sandbox: ${said ?? `it answered ${status}`}`, {
    next: 'Change what it names, there or here (`mounts` are paths of its machine), and acquire again.',
    details: { status },
  })
}

export function stillThere(where: string, id: string, ms: number): BerthError {
  return fail('ENGINE_UNREACHABLE', `The provisioner at ${where} took the order to delete ${id}, but still has it after ${ms / 1000} s`, {
    next: `It is tried again. Its own log says what keeps it. ${goesOn}`,
  })
}

export function nameTaken(name: string): BerthError {
  return fail('NAME_TAKEN', `There is a sandbox named ${name} on the provisioner already`, { next: 'Use that one, or destroy it first.' })
}

export function cancelled(): BerthError {
  return fail('CANCELLED', 'Cancelled while Berth wanted the provisioner to make a sandbox', { next: 'Ask again if you still need it.' })
}

export function notCarried(what: string, where: string, next: string): BerthError {
  return fail('NOT_SUPPORTED', `${what}: the provisioner at ${where} offers no way to do it`, { next })
}

export function leadsBack(): BerthError {
  return fail('BAD_CONFIG', 'sandbox.provisioner_url leads back to this very Berth, which cannot be its own provisioner', {
    next: 'Take it out of the configuration, or set `backend: docker` for sandboxes on this machine.',
  })
}
