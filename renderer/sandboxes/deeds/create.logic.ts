import { threadId, userId } from '../../../shared/identity.ts'
import type { SandboxRow } from '../../../shared/state.ts'

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
  const near = text.trim().replaceAll(/[^A-Za-z0-9_-]+/g, '-').replaceAll(/^-+|-+$/g, '').slice(0, 64)
  return near === '' || near === text ? null : near
}

/** What the thread's sandbox is by now; null: there is none. */
export function ofThread(rows: readonly SandboxRow[], thread: string, user: string): SandboxRow | null {
  return rows.find((row) => row.thread === thread && row.user === user) ?? null
}

/** The same call from a shell. Names need no quotes: their pattern has nothing that a shell reads. */
export function shellLine(thread: string, user: string): string {
  return `berth acquire --thread ${thread}${user === 'default' ? '' : ` --user ${user}`}`
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
export function execLine({ id, thread, user }: Pick<SandboxRow, 'id' | 'thread' | 'user'>): string {
  return thread === null ? `berth exec ${id} -- ls -la` : `berth exec --thread ${thread}${user === 'default' ? '' : ` --user ${user}`} -- ls -la`
}
