import { RequestError } from './reply.ts'

/** Bytes that one argument or one `NAME=value` may have for the kernel, its ending NUL included (MAX_ARG_STRLEN). */
export const argumentLimit = 131_072

/** Why a program could not be started, said to whoever asked for it; what is no such reason is given back as it is. */
export function spawnFault(cause: unknown, env: Readonly<Record<string, string>>): unknown {
  const code = cause instanceof Error && 'code' in cause ? cause.code : null
  if (code === 'E2BIG') return tooBig(env)
  if (code === 'ERR_INVALID_ARG_VALUE') return new RequestError(400, 'A value of the environment holds a NUL character, which none can')
  if (code === 'ENOENT' || code === 'EACCES' || code === 'ENOTDIR') {
    return new RequestError(400, `The command cannot be started (${code}): its directory has gone or is closed to it, or there is no bash`, 'Name another directory', cause)
  }
  // A limit that is full now: once something ends there is room again.
  if (code === 'EAGAIN' || code === 'ENOMEM' || code === 'EMFILE' || code === 'ENFILE') {
    return new RequestError(503, `The sandbox has no room for one more process (${code})`, 'End something that runs there, or wait')
  }
  return cause
}

function tooBig(env: Readonly<Record<string, string>>): RequestError {
  const sizes = Object.entries(env).map(([name, value]) => ({ name, bytes: Buffer.byteLength(name) + Buffer.byteLength(value) + 2 }))
  const longest = sizes.toSorted((a, b) => b.bytes - a.bytes)[0]
  if (longest !== undefined && longest.bytes > argumentLimit) {
    return new RequestError(
      400, `The environment variable ${longest.name} has ${longest.bytes - 1} bytes with its name; ${argumentLimit - 1} is the most that Linux takes`,
      'Write its value to a file, and let the command read it from there',
    )
  }
  const all = sizes.reduce((sum, each) => sum + each.bytes, 0)
  return new RequestError(400, `The environment has ${all} bytes in all, more than Linux takes`, 'Write long values to files, and let the command read them from there')
}
