import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { root } from '../lib/root.mjs'
import { runCommand } from './command.ts'
import { oneFailed, programTally } from './tally.ts'
import type { Tally } from './tally.ts'

const user = 'berth-ci'

/**
 * Runs the vitest suites whose path contains one of `only` as an ordinary user in the docker group, on a copy of this
 * tree that is his. Root only; all that root alone can do is not required there.
 */
export async function secondUser(only: readonly string[], signal: AbortSignal): Promise<{ tally: Tally }> {
  const known = spawnSync('id', [user], { stdio: 'ignore' }).status === 0
  const place = mkdtempSync(path.join(tmpdir(), 'berth-user-'))
  try {
    chmodSync(place, 0o755)
    const tree = path.join(place, 'berth')
    const home = path.join(place, 'home')
    const prepared = [
      ['groupadd', '-f', 'docker'],
      ...(known ? [] : [['useradd', '--shell', '/bin/bash', '--no-create-home', user]]),
      ['usermod', '-aG', 'docker', user],
      ['mkdir', home],
      ['cp', '-a', root, tree],
      ['rm', '-rf', path.join(tree, '.cache')],
      ['chown', '-R', `${user}:`, tree, home],
    ].every((command) => ran(command))
    if (!prepared) return { tally: oneFailed }
    const end = await runCommand(
      'runuser',
      [
        '-u',
        user,
        '--',
        'env',
        '-C',
        tree,
        `HOME=${home}`,
        `USER=${user}`,
        `LOGNAME=${user}`,
        process.execPath,
        'scripts/test.mjs',
        `--only=${only.join(',')}`,
      ],
      { seconds: 1800, signal, quiet: true, env: { BERTH_REQUIRE: 'docker,lite-image,bubblewrap,python', BERTH_TEST_PARTS: undefined } },
    )
    process.stdout.write(end.output)
    // What is skipped there, named above, is for root alone and has run as root.
    return { tally: { ...programTally(end.output, end.code), skipped: 0 } }
  } finally {
    rmSync(place, { recursive: true, force: true })
    if (!known) ran(['userdel', user])
  }
}

/** Whether it went well; if not, what it said is shown. */
function ran([command = '', ...args]: readonly string[]): boolean {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' })
  if (status !== 0) console.log(`${command} ${args.join(' ')}: ${stderr.trim()}`)
  return status === 0
}
