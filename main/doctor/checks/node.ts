import type { DoctorCheck } from '../doctor-check.ts'
import { bad, ok, warn, type Finding } from '../finding.ts'

export const nodeCheck: DoctorCheck = {
  name: 'node',
  run: (see) =>
    Promise.resolve(
      judgeNode({
        version: process.versions.node,
        path: process.execPath,
        electron: process.versions['electron'] ?? null,
        lite: see.resources.linuxNode('x64') ?? see.resources.linuxNode('arm64'),
      }),
    ),
}

/** The Node that Berth itself needs; npm brings it, so an older one means that it was started past npm's. */
export function judgeNode(it: { version: string; path: string; electron: string | null; lite: string | null }): Finding {
  const text = it.electron === null ? `Node ${it.version} (${it.path}).` : `Node ${it.version} of Electron ${it.electron} (${it.path}).`
  if (Number(it.version.split('.')[0]) < 24) {
    return bad(`${text} Berth needs Node 24.`, 'Run `npm install` in Berth’s directory, which brings Node 24, and start Berth by `npm start` or `npx berth`.')
  }
  if (it.lite === null) {
    return warn(`${text} There is no Linux Node to put into berth-lite, so building it needs a network.`, 'npm install --include=optional   (in Berth’s directory)')
  }
  return ok(text)
}
