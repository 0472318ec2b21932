import { once } from 'node:events'
import { createInterface } from 'node:readline/promises'
import type { Command } from 'commander'
import { type BridgeClient, connect } from '../doors/client/client.ts'
import { fail } from '../../shared/errors.ts'
import { defaultHome } from '../house/home/paths.ts'
import { type Io, signalExit, write } from './io.ts'
import type { CallResult } from '../../shared/contract.ts'
import type { Log } from '../base/log.ts'
import type { OpenedCalls } from '../doors/mcp/lazy-calls.ts'
import type { StdioOptions } from '../doors/mcp/serve-stdio.ts'
import { shownText } from '../../shared/say-next.ts'

/** Options that every command has. */
export interface CommonOptions {
  readonly json?: boolean
  readonly home?: string
}

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

/** What `berth serve` needs of an engine. */
export interface ServedEngine {
  readonly url: string
  readonly port: number
  readonly home: string
  readonly instance: string
  /** Another process is the engine of this home. */
  readonly attached: boolean
  call<K extends 'status' | 'login_link'>(name: K, input: Record<string, never>): Promise<CallResult<K>>
  /** Settles when it has closed, whoever closed it. */
  readonly closed: Promise<void>
  /** What could not be ended. */
  close(): Promise<readonly { readonly id: string; readonly error: string }[]>
}

export interface StartOptions {
  readonly homeDir: string
  readonly configFile?: string | undefined
  readonly env: NodeJS.ProcessEnv
  readonly log: Log
}

/** The heavy rooms, loaded only by the command that enters them: all others start fast. */
export interface Parts {
  engine(): Promise<{ startEngine(options: StartOptions): Promise<ServedEngine> }>
  /** The library's entry: attaches to the home's engine, or is it. */
  provider(): Promise<{ openProvider(home: string, options: Omit<StartOptions, 'homeDir'>): Promise<OpenedCalls> }>
  mcp(): Promise<{ serveMcp(options: StdioOptions): Promise<void> }>
  doctor(): Promise<{ runDoctor(options: Omit<StartOptions, 'log'>): Promise<CallResult<'doctor'>> }>
}

/** How one calls this command again from where one is: what npm runs is on nobody's PATH, but `npx` finds it in the same directory. */
export function calledAs(env: NodeJS.ProcessEnv): string {
  return env['npm_command'] === undefined ? 'berth' : 'npx berth'
}

/** Asks before something that cannot be undone. Without a terminal nobody can answer: then it takes `--yes`. */
export async function confirm(cli: Cli, yes: boolean | undefined, question: string, expected = 'y'): Promise<void> {
  if (yes) return
  const { stdin, stderr } = cli.io
  if (!stdin.isTTY || !stderr.isTTY || cli.json) {
    throw fail('BAD_INPUT', `${question} Nobody can be asked here`, { next: 'Add --yes if that is what you want.' })
  }
  const choice = expected === 'y' ? '[y/N]' : `Type ${expected}:`
  const answer = await ask(cli, shownText(`${question} ${choice} `))
  if (answer !== expected.toLowerCase() && !(expected === 'y' && answer === 'yes')) {
    throw fail('CANCELLED', 'Nothing was done', { next: `Answer ${expected}, or add --yes.` })
  }
}

/** What was answered, in lower case; Ctrl-C and the end of the input are no answer. */
async function ask(cli: Cli, question: string): Promise<string> {
  const prompt = createInterface({ input: cli.io.stdin, output: cli.io.stderr })
  try {
    // At the end of the input the question itself stays open for ever.
    const ended = once(prompt, 'close').then(() => '')
    return (await Promise.race([prompt.question(question, { signal: cli.signal }), ended])).trim().toLowerCase()
  } catch (thrown) {
    if (thrown instanceof Error && thrown.name === 'AbortError') return ''
    throw thrown
  } finally {
    prompt.close()
  }
}
