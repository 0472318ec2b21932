import { join } from 'node:path'
import { fail } from '../../../shared/errors.ts'
import { sandboxId, threadId, userId } from '../../../shared/identity.ts'
import type { HomePaths } from '../home/paths.ts'

/** Whose directories are meant. `id` names an anonymous sandbox's, and is not looked at otherwise. */
export interface Place {
  readonly id: string
  readonly user: string
  readonly thread: string | null
}

/** A thread's directory; and where an older home has it, which only the user `default` can have. */
export interface ThreadPlaces {
  readonly current: string
  readonly older: string | null
}

/** Throws BAD_INPUT for an id that could lead anywhere else; whoever calls has checked it before. */
export function threadPlaces(paths: Pick<HomePaths, 'users' | 'threads'>, user: string, thread: string): ThreadPlaces {
  if (!userId.safeParse(user).success || !threadId.safeParse(thread).success) throw badId()
  return {
    current: join(paths.users, user, 'threads', thread),
    older: user === 'default' ? join(paths.threads, thread) : null,
  }
}

export function anonymousPlace(paths: Pick<HomePaths, 'anonymous'>, id: string): string {
  if (!sandboxId.safeParse(id).success) throw badId()
  return join(paths.anonymous, id)
}

/** The one of `names` that differs from `name` by case only: on a disk that ignores case both are one directory. */
export function caseClash(names: readonly string[], name: string): string | null {
  return names.find((other) => other !== name && other.toLowerCase() === name.toLowerCase()) ?? null
}

function badId() {
  return fail('BAD_INPUT', 'The id of a user, thread or sandbox does not have the form of one', {
    next: 'Use 1 to 64 of A-Z a-z 0-9 _ - for users and threads.',
  })
}
