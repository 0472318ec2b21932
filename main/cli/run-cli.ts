import { Command, CommanderError } from 'commander'
import { asBerthError, type BerthError, errorCodes, fail, toErrorData } from '../../shared/errors.ts'
import { shownText } from '../../shared/say-next.ts'
import { version } from '../base/version.ts'
import type { Parts, Run } from './cli.ts'
import { addExecCommand, addSandboxCommands } from './sandbox-commands.ts'
import { addFileCommands } from './file-commands.ts'
import { addHouseCommands, addOpenCommand, addTokenCommands } from './house-commands.ts'
import { type Io, paint, write } from './io.ts'
import { addMcpCommand, addServeCommand } from './serve-command.ts'

/** The `berth` command: runs one command line (without the program's own name) and tells its exit code. Never throws. */
export async function runCommandLine(argv: readonly string[], io: Io, parts: Parts): Promise<number> {
  const run: Run = { io, parts, argv, exitCode: 0 }
  const json = ownOptions(argv).includes('--json')
  // Whoever reads our output may stop reading; that ends us as it ends any other program in a pipe.
  let pipeBroken = false
  io.stdout.on('error', () => {
    pipeBroken = true
  })
  // Nobody may be left to read what a long `serve` says; that is no reason to end it.
  io.stderr.on('error', () => undefined)
  try {
    await createProgram(run, json).parseAsync([...argv], { from: 'user' })
    return run.exitCode
  } catch (thrown) {
    if (thrown instanceof CommanderError && thrown.exitCode === 0) return 0
    if (pipeBroken) return 141
    const error = thrown instanceof CommanderError ? wrongUse(thrown) : asBerthError(thrown)
    // Commander has shown its own complaint already.
    if (json) await write(io.stdout, `${JSON.stringify({ error: toErrorData(error) }, null, 2)}\n`)
    else if (!(thrown instanceof CommanderError)) io.stderr.write(errorText(io, error))
    return errorCodes[error.code].exit
  }
}

function createProgram(run: Run, json: boolean): Command {
  const program = new Command('berth')
    .description('Sandboxes for AI agents: each thread gets its own, the same one every turn.')
    .version(version)
    .option('--home <dir>', "Berth's home (default: BERTH_HOME, else ~/.berth)")
    .option('--json', 'print one JSON document; an error is {"error": ...} on standard output')
    .enablePositionalOptions()
    .showHelpAfterError('(see berth help COMMAND)')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void run.io.stdout.write(text),
      writeErr: (text) => void (json ? undefined : run.io.stderr.write(text)),
    })
    .addHelpText(
      'after',
      `\nExamples:\n  berth serve\n  berth acquire --thread demo\n  berth exec --thread demo -- sh -c 'echo hi > a; cat a'\n  berth ls --json\n\n${exitCodesText()}`,
    )
  addServeCommand(program, run)
  addOpenCommand(program, run)
  addSandboxCommands(program, run)
  addExecCommand(program, run)
  addFileCommands(program, run)
  addHouseCommands(program, run)
  addMcpCommand(program, run)
  addTokenCommands(program, run)
  // Subcommands are made before their parent's settings reach them.
  for (const command of program.commands) {
    command.copyInheritedSettings(program)
    for (const below of command.commands) below.copyInheritedSettings(program)
  }
  return program
}

/** What stands before `--`: behind it are the words of somebody else's command. */
function ownOptions(argv: readonly string[]): readonly string[] {
  const end = argv.indexOf('--')
  return end < 0 ? argv : argv.slice(0, end)
}

function wrongUse(thrown: CommanderError): BerthError {
  return fail('BAD_INPUT', thrown.message.replace(/^error: /, '').replaceAll('\n', ' '), { next: 'See `berth help COMMAND`.' })
}

function errorText(io: Io, error: BerthError): string {
  const { cause } = toErrorData(error)
  return [
    `${paint(io, 'stderr', 'red', 'berth:')} ${shownText(error.message)} (${error.code})\n`,
    cause === undefined || error.message.includes(cause) ? '' : `  cause: ${shownText(cause)}\n`,
    `  next:  ${shownText(error.next, '\n')}\n`,
  ].join('')
}

const meaning: Readonly<Record<number, string>> = {
  64: 'the command was used wrongly',
  65: 'what was given contradicts what is there',
  66: 'there is no such sandbox, thread or file',
  69: 'something that is needed is not there or does not run',
  70: 'something failed inside',
  73: 'something cannot be made: a port, a name, the home',
  74: 'reading or writing failed',
  75: 'not now; the same may work later',
  76: 'the running engine is of another version',
  77: 'not allowed',
  78: 'the configuration is wrong',
}

/** For `berth --help`: every exit code and the error codes that have it. */
function exitCodesText(): string {
  const lines = Object.entries(meaning).map(([exit, text]) => {
    const codes = Object.entries(errorCodes).flatMap(([code, row]) => (row.exit === Number(exit) ? [code] : []))
    return `  ${exit}  ${text}\n      ${codes.join(' ')}\n`
  })
  return [
    'Exit codes:\n',
    '  0   done\n',
    "  berth exec gives the command's own code; 124 when its --timeout ended it, 137 when it was killed\n",
    '  berth search gives 1 where nothing matches\n',
    ...lines,
    '  129 130 143  ended by SIGHUP, SIGINT, SIGTERM\n',
  ].join('')
}
