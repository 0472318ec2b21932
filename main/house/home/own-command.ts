import { existsSync, realpathSync } from 'node:fs'
import path from 'node:path'
import { defaultHome } from './paths.ts'
import { resources } from '../../base/resources.ts'

export interface OwnCommand {
  /** The words that run this Berth's command in any directory: its name where that finds it, else its file. */
  readonly command: string[]
  /** What a command line adds to mean this home; none: it is the one that is meant anyway. */
  readonly home_option: string[]
}

/** How another program on this machine runs the `berth` command. A client that is told `berth` where there is none on its PATH fails without a word. */
export function ownCommand(home: string, env: NodeJS.ProcessEnv, file = commandFile(env)): OwnCommand {
  const real = existsSync(file) ? realpathSync(file) : null
  const found =
    real !== null && (env['PATH'] ?? '').split(path.delimiter).some((directory) => !isBorrowed(directory) && leadsTo(path.join(directory, 'berth'), real))
  const command = real === null || found ? ['berth'] : process.platform === 'win32' ? ['node', file] : [file]
  return { command, home_option: home === defaultHome({}) ? [] : ['--home', home] }
}

/** In a clone and in a package alike `bin/` lies beside `out/`. */
function commandFile(env: NodeJS.ProcessEnv): string {
  return path.join(path.dirname(path.dirname(resources(env).serverFile)), 'bin', 'berth.mjs')
}

/** npm puts it before PATH for what it runs itself: nobody else finds anything there. */
function isBorrowed(directory: string): boolean {
  return directory.endsWith(path.join('node_modules', '.bin'))
}

function leadsTo(link: string, real: string): boolean {
  try {
    return realpathSync(link) === real
  } catch {
    return false // There is none.
  }
}
