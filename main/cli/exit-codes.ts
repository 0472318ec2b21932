import { errorCodes } from '../../shared/errors.ts'

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
export function exitCodesText(): string {
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
