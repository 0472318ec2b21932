import { threadId, userId } from '../../shared/identity.ts'
import type { House, SandboxRow } from '../../shared/state.ts'
import { commandLine } from '../words/command-line.ts'

/** How `berth` is run on the engine's machine, and what means its home. */
export type OwnCommand = Pick<House, 'command' | 'home_option'>

/** Who holds what a person acquires from a screen. */
export const ownHolder = 'desktop'

/** Why a name cannot be; null: it can. Nothing typed yet is no mistake. */
export function nameProblem(kind: 'thread' | 'user', text: string): string | null {
  if (text === '') return null
  const parsed = (kind === 'thread' ? threadId : userId).safeParse(text)
  return parsed.success ? null : `${parsed.error.issues[0]?.message ?? 'It cannot be'}.`
}

/** The nearest that can be to a name that cannot: `my thread` is `my-thread`. null: nothing of it is left. */
export function nearestName(text: string): string | null {
  const near = text
    .trim()
    .replaceAll(/[^A-Za-z0-9_-]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 64)
  return near === '' || near === text ? null : near
}

/** What the thread's sandbox is by now; null: there is none. */
export function ofThread(rows: readonly SandboxRow[], thread: string, user: string): SandboxRow | null {
  return rows.find((row) => row.thread === thread && row.user === user) ?? null
}

/** The same call from a shell. Names need no quotes: their pattern has nothing that a shell reads. */
export function shellLine(berth: OwnCommand, thread: string, user: string): string {
  return commandLine([...berth.command, 'acquire', '--thread', thread, ...(user === 'default' ? [] : ['--user', user]), ...berth.home_option])
}

export function curlLine(url: string, thread: string, user: string): string {
  const body = JSON.stringify(user === 'default' ? { thread } : { thread, user })
  return [
    `curl -s ${url}/berth/v1/acquire \\`,
    '  -H "Authorization: Bearer $BERTH_TOKEN" \\',
    "  -H 'Content-Type: application/json' \\",
    `  -d '${body}'`,
  ].join('\n')
}

/** To run a command in one, from a shell. */
export function execLine(berth: OwnCommand, { id, thread, user }: Pick<SandboxRow, 'id' | 'thread' | 'user'>): string {
  const which = thread === null ? [id] : ['--thread', thread, ...(user === 'default' ? [] : ['--user', user])]
  return commandLine([...berth.command, 'exec', ...which, ...berth.home_option, '--', 'ls', '-la'])
}
