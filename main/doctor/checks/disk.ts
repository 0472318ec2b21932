import { statfs } from 'node:fs/promises'
import type { DoctorCheck } from '../doctor-check.ts'
import { bad, ok, skip, together, warn, type Finding } from '../finding.ts'
import { nearestDirectory } from '../nearest-directory.ts'
import { word } from '../shell-word.ts'
import { sizeText } from '../sizes.ts'

/** Below these Berth warns; below the last no sandbox can be counted on to start. */
const scarceBytes = 2 * 1024 ** 3
const scarceInodes = 0.05
const noBytes = 64 * 1024 ** 2
const noInodes = 1_000

export interface Space { readonly bytes: number; readonly inodes: number; readonly allInodes: number }

export const diskCheck: DoctorCheck = {
  name: 'disk',
  run: async (see) => {
    const home = await see.home()
    const at = await nearestDirectory(home.path ?? home.dir)
    const findings = [judgeSpace(`The volume of the home (${at})`, await spaceAt(at), `du -xsh ${word(`${at}/users`)}/*/threads/* | sort -h   shows which threads take most; delete what is not needed any more`)]
    const engine = await see.engine()
    if (engine.answers && engine.root !== null && engine.traits.native) {
      // A Berth that itself runs in a container does not see the engine's directory: then only the engine knows.
      const space = await spaceAt(engine.root).catch(() => null)
      findings.push(
        space === null
          ? skip(`The engine's directory ${engine.root} is not visible from here.`)
          : judgeSpace(`The volume of the engine's data (${engine.root})`, space, 'docker system df   shows what takes it; docker image prune   removes images that nothing uses'),
      )
    }
    return together(findings)
  },
}

export function judgeSpace(what: string, { bytes, inodes, allInodes }: Space, fix: string): Finding {
  // btrfs and others count no inodes: 0 of 0.
  const share = allInodes > 0 ? inodes / allInodes : null
  const text = `${what} has ${sizeText(bytes)}${share === null ? '' : ` and ${Math.floor(share * 100)} % of its inodes`} free`
  if (bytes < noBytes || (share !== null && inodes < noInodes)) return bad(`${text}: too little to start a sandbox.`, fix)
  if (bytes < scarceBytes) return warn(`${text}, less than ${sizeText(scarceBytes)}.`, fix)
  if (share !== null && share < scarceInodes) return warn(`${text}, less than ${scarceInodes * 100} %.`, fix)
  return ok(`${text}.`)
}

async function spaceAt(path: string): Promise<Space> {
  const disk = await statfs(path)
  return { bytes: disk.bavail * disk.bsize, inodes: disk.ffree, allInodes: disk.files }
}
