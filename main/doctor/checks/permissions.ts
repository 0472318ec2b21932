import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { DoctorCheck } from '../doctor-check.ts'
import { bad, ofError, ok, together, warn, type Finding } from '../finding.ts'
import { look, type FileSight, type HomeSight } from '../home-sight.ts'
import { tryToWrite } from '../probe-place.ts'
import { word } from '../shell-word.ts'

export const permissionsCheck: DoctorCheck = {
  name: 'permissions',
  run: async (see) => {
    const home = await see.home()
    const me = process.getuid?.() ?? null
    if (home.facts === null) return judgeAbsent(home, await parentOf(home.dir))
    const [token, identity] = await Promise.all([look(home.paths.token), look(home.paths.installation)])
    const findings = [
      judgeHome(home, home.facts, me),
      judgeSecret('token', home.paths.token, token, home.token === null ? (home.tokenError || null) : tokenForm(home.token)),
      judgeSecret('installation', home.paths.installation, identity, home.installationProblem),
    ]
    if (findings.some(({ status }) => status === 'fail') || home.path === null) return together(findings)
    return together([...findings, await writing(home.path, see.clock.wall())])
  },
}

/** Where a home would be made. `error`: why its parent cannot be written; '' if it can. */
interface Parent { readonly path: string; readonly error: 'missing' | 'not a directory' | 'not writable' | '' }

async function parentOf(dir: string): Promise<Parent> {
  const path = dirname(dir)
  const { facts } = await look(path, { follow: true })
  if (facts === null) return { path, error: 'missing' }
  if (facts.kind !== 'directory') return { path, error: 'not a directory' }
  return { path, error: await access(path, constants.W_OK | constants.X_OK).then(() => '' as const, () => 'not writable' as const) }
}

export function judgeAbsent(home: Pick<HomeSight, 'dir' | 'error'>, parent: Parent): Finding {
  if (home.error !== 'ENOENT') {
    return bad(`The home ${home.dir} cannot be entered (${home.error}).`, `sudo chown -R "$(id -u):$(id -g)" ${word(home.dir)}   or choose another with BERTH_HOME`)
  }
  if (parent.error === '') return ok(`There is no home yet; the first start makes ${home.dir}.`)
  const text = `There is no home yet, and ${home.dir} cannot be made: ${parent.path} is ${parent.error}.`
  if (parent.error === 'missing') return bad(text, `mkdir -p ${word(parent.path)}`)
  return bad(text, `export BERTH_HOME="$HOME/.berth"   or any other place that you may write to`)
}

/** Owner and mode. Root writes anywhere, so for root only what others may do counts. */
export function judgeHome(home: Pick<HomeSight, 'dir'>, facts: FileSight, me: number | null): Finding {
  const { dir } = home
  if (facts.kind !== 'directory') return bad(`The home ${dir} is not a directory.`, `Choose another with BERTH_HOME, or move it away: mv ${word(dir)} ${word(`${dir}.old`)}`)
  if (me === null) return ok(`The home is ${dir}.`)
  const mode = facts.mode.toString(8).padStart(4, '0')
  if ((facts.mode & 0o002) !== 0) return bad(`Everybody may write in ${dir} (mode ${mode}), and so put a token of theirs there; Berth refuses it.`, `chmod 0700 ${word(dir)}`)
  if (facts.uid !== me && me !== 0) {
    return bad(`The home ${dir} belongs to uid ${facts.uid}, and you are uid ${me}.`, `sudo chown -R ${me} ${word(dir)}   or choose another with BERTH_HOME`)
  }
  if ((facts.mode & 0o700) !== 0o700) return bad(`Its owner may not use ${dir} (mode ${mode}).`, `chmod 0700 ${word(dir)}`)
  const findings = [ok(`${dir} has mode ${mode} and belongs to uid ${facts.uid}.`)]
  if ((facts.mode & 0o077) !== 0) findings.push(warn(`Others may look into ${dir} (mode ${mode}), where files of agents are open.`, `chmod 0700 ${word(dir)}`))
  if (facts.uid !== me) findings.push(warn(`${dir} belongs to uid ${facts.uid}, who can read Berth's token, while Berth runs as root.`, `Run Berth as its owner, or: chown -R 0 ${word(dir)}`))
  return together(findings)
}

/** A file that holds a secret: not there yet is fine, readable by others is not. */
export function judgeSecret(what: 'token' | 'installation', path: string, it: { facts: FileSight | null; error: string }, problem: string | null): Finding {
  if (it.facts === null) {
    return it.error === 'ENOENT' ? ok(`No ${what} file yet.`) : bad(`The ${what} file ${path} cannot be looked at (${it.error}).`, `sudo chown "$(id -u)" ${word(path)}`)
  }
  const mode = it.facts.mode.toString(8).padStart(4, '0')
  if (it.facts.kind !== 'file') return bad(`${path} is not a plain file.`, `rm -r ${word(path)}   (a new one is made at the next start)`)
  if (problem !== null) {
    const lost = what === 'token' ? 'a new one is made at the next start, which clients then need' : 'sandboxes of the old one must then be removed by hand'
    return /EACCES|EPERM/.test(problem)
      ? bad(`The ${what} file ${path} cannot be read (mode ${mode}).`, `sudo chown "$(id -u)" ${word(path)} && chmod 0600 ${word(path)}`)
      : bad(`The ${what} file ${path} is damaged: ${problem}.`, `rm ${word(path)}   (${lost})`)
  }
  if (process.platform !== 'win32' && (it.facts.mode & 0o077) !== 0) return warn(`Others may read the ${what} file ${path} (mode ${mode}).`, `chmod 0600 ${word(path)}`)
  return ok(`The ${what} file has mode ${mode}.`)
}

function tokenForm(token: string): string | null {
  return /^e2b_[a-f0-9]{40}$/.test(token) ? null : 'it does not hold a token'
}

async function writing(home: string, now: number): Promise<Finding> {
  try {
    await tryToWrite(home, now)
    return ok('Writing and renaming there work.')
  } catch (thrown) {
    return ofError(thrown)
  }
}
