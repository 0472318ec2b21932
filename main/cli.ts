import { processIo } from './cli/io.ts'
import { runCommandLine } from './cli/run-cli.ts'

/** The `berth` command in this process; `bin/berth.mjs` calls it. Resolves with the exit code. */
export async function runCli(argv: readonly string[]): Promise<number> {
  return await runCommandLine(argv, processIo(), {
    engine: () => import('./engine/engine.ts'),
    provider: () => import('./open.ts'),
    mcp: () => import('./doors/mcp/serve-stdio.ts'),
    doctor: () => import('./doctor/run-doctor.ts'),
  })
}
