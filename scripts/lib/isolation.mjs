import { existsSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { canInstall, installPackages, onPath } from './debian.mjs'
import { dockerAnswers, dockerHasImage } from './docker.mjs'
import { inRoot, say } from './root.mjs'

/** So that a machine without a network does not wait for apt-get at every start. */
const failed = inRoot('node_modules', '.berth-apt-failed')
const retryAfter = 3_600_000

/**
 * As root on Debian or Ubuntu: whatever the backend that will be used needs and is not there. Without a container
 * engine that is bubblewrap; with one, debootstrap, from which the lite image's base is made where no image can be
 * pulled. A failure is told and does not stop the start: the engine itself says what it cannot do without it.
 */
export async function needIsolation() {
  if (!canInstall() || (onPath('bwrap') && onPath('debootstrap'))) return
  const wanted = await missingTool()
  if (!wanted) return
  const { name, why } = wanted
  if (existsSync(failed) && Date.now() - statSync(failed).mtimeMs < retryAfter) {
    say(`${name} is missing and could not be installed a while ago; \`apt-get install ${name}\` does it by hand.`)
    return
  }
  say(`installing ${name} with apt-get (${why}) ...`)
  const result = await installPackages([name])
  if (result.ok) rmSync(failed, { force: true })
  else {
    writeFileSync(failed, '')
    say(`${name} could not be installed: ${result.output.trim().split('\n').slice(-3).join(' | ')}`)
  }
}

async function missingTool() {
  if (!(await dockerAnswers())) {
    return onPath('bwrap') ? null : { name: 'bubblewrap', why: 'no container engine answers, and sandboxes are isolated by it' }
  }
  if (onPath('debootstrap') || (await dockerHasImage('berth-lite')) || (await dockerHasImage('berth-base'))) return null
  return { name: 'debootstrap', why: 'the lite image is made from it where no base image can be pulled' }
}
