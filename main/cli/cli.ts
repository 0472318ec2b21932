import type { Command } from 'commander'
import { type BridgeClient, connect } from '../bridge/client.ts'
import { fail } from '../../shared/errors.ts'
import { defaultHome } from '../home/default-home.ts'
import type { Parts } from './parts.ts'
import { type Io, signalExit, write } from './io.ts'

/** Options that every command has. */
export interface CommonOptions { readonly json?: boolean; readonly home?: string }

/** One run of a command. */
export interface Cli {
  readonly io: Io
  readonly parts: Parts
  readonly json: boolean
  readonly home: string
  /** Aborted by the first signal. */
  readonly signal: AbortSignal
  /** Connects, does the work, and lets go. */
  withEngine<T>(work: (client: BridgeClient) => Promise<T>): Promise<T>
  /** The answer: as JSON where `--json` asks for it, otherwise in words. */
  show(result: unknown, words: () => string): Promise<void>
}

/** Where a command's action leaves its exit code. */
export interface Run {
  readonly io: Io
  readonly parts: Parts
  readonly argv: readonly string[]
  exitCode: number
}

/** Adds what every command has. `berth COMMAND --json` prints one JSON document, errors included, on standard output. */
export function common(command: Command): Command {
  return command
    .option('--json', 'print one JSON document; an error is {"error": ...} on standard output')
    .option('--home <dir>', "Berth's home (default: BERTH_HOME, else ~/.berth)")
}

/** Wraps an action: gives it a `Cli`, takes its exit code, and turns a signal into an abort. */
export function action<A extends unknown[]>(run: Run, work: (cli: Cli, ...rest: A) => Promise<number | void>) {
  return async (...args: [...A, Command]): Promise<void> => {
    const command = args.at(-1) as Command
    const options = command.optsWithGlobals<CommonOptions>()
    const ending = new AbortController()
    let by: NodeJS.Signals | null = null
    const off = run.io.onSignal((name) => {
      by ??= name
      ending.abort(fail('CANCELLED', `Ended by ${name}`, { next: 'Run it again.' }))
    })
    try {
      const code = await work(createCli(run, options, ending.signal), ...(args.slice(0, -1) as A))
      // A command that gives a code of its own has thought of signals.
      run.exitCode = code ?? (by ? signalExit(by) : 0)
    } catch (thrown) {
      if (!by) throw thrown
      run.exitCode = signalExit(by)
    } finally {
      off()
    }
  }
}

function createCli(run: Run, options: CommonOptions, signal: AbortSignal): Cli {
  const home = options.home ?? defaultHome(run.io.env)
  return {
    io: run.io,
    parts: run.parts,
    json: options.json === true,
    home,
    signal,
    async withEngine(work) {
      const client = await connect(home)
      try {
        return await work(client)
      } finally {
        client.close()
      }
    },
    async show(result, words) {
      await write(run.io.stdout, options.json ? `${JSON.stringify(result, null, 2)}\n` : words())
    },
  }
}
