import type { ChildProcess } from 'node:child_process'
import { programPath, spawnForAgent } from './agent-process.ts'
import { quote } from './quote.ts'

/**
 * A bash on a real terminal comes from util-linux's `script`: it is on every Debian (bsdutils is essential) and most
 * other Linux systems, costs about 1 MiB and passes the descriptors 3 and 4 on. A native module would have to be built
 * for each image, and python3's pty module costs 10 MiB a session. Where there is no `script`, bash runs on pipes:
 * commands work the same, but find no terminal.
 */
export function spawnBash(options: {
  readonly args: readonly string[]
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  readonly tty: boolean
}): ChildProcess {
  const line = ['exec', quote(programPath('bash') ?? 'bash'), ...options.args].join(' ')
  const [program, args] = options.tty ? ['script', ['-qfec', line, '/dev/null']] as const : ['bash', options.args] as const
  return spawnForAgent(program, args, {
    cwd: options.cwd,
    env: { ...options.env, SHELL: '/bin/bash' },
    // `script` and its bash get sessions of their own; nothing that is meant for the server reaches them.
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe', 'pipe', 'pipe'],
  })
}

export function hasTty(): boolean {
  return process.platform === 'linux' && programPath('script') !== null
}
