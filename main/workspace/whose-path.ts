import type { Place } from './places.ts'

/**
 * Why a path below deer-flow's home must not be mounted into the sandbox of `place`, as the second half of a sentence; null:
 * it may. `users/{user}` is that user's, `users/{user}/threads/{thread}` and the older `threads/{thread}` that thread's; a
 * directory above them would show what is others'. All else there is for everybody.
 */
export function whyNotTheirs(path: string, place: Pick<Place, 'user' | 'thread'>): string | null {
  const [first = '', ...rest] = path.split('/')
  if (first === '') return 'holds the files of all threads'
  if (first === 'threads') return whyNotThread(rest, place.user === 'default' ? place.thread : null)
  if (first !== 'users') return null
  const [user, second, ...inner] = rest
  if (user === undefined || second === undefined) return 'holds the files of all threads of a user'
  if (user !== place.user) return 'belongs to another user'
  return second === 'threads' ? whyNotThread(inner, place.thread) : null
}

function whyNotThread([thread, part]: readonly string[], own: string | null): string | null {
  if (thread === undefined || part === undefined) return 'holds the whole of a thread, or several'
  if (thread !== own) return 'belongs to another thread'
  // Between the look at a path and its mount, the agent could put a link there.
  return part === 'user-data' ? 'can be changed by the agent itself' : null
}
