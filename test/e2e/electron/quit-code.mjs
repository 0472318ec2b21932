import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'

/**
 * The code with which the app ends after `act`. Electron 9, which the harness has, crashes in one of some thirty ends while it
 * takes itself down: there the code is the one that the app gave its end, after all of its own closing was done. A crash before
 * that, and any of another Electron, is given as the signal.
 */
export async function quitCode(run, act) {
  const said = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'berth-quit-')), 'code')
  const version = await run.app.evaluate(({ app }, file) => {
    const { writeFileSync } = process.getBuiltinModule ? process.getBuiltinModule('fs') : process.mainModule.require('fs')
    app.once('quit', (_event, code) => writeFileSync(file, String(code)))
    return process.versions.electron
  }, said)
  await act()
  const { code, signal } = await run.waitForExit()
  const crashed = signal === 'SIGSEGV' && version.startsWith('9.') && fs.existsSync(said)
  const end = crashed ? Number(fs.readFileSync(said, 'utf8')) : (code ?? signal)
  fs.rmSync(path.dirname(said), { recursive: true })
  return end
}
