import { probeFiles } from '../../backends/docker/file-probe.ts'
import { probeGround } from '../docker-place.ts'
import type { DoctorCheck } from '../doctor-check.ts'
import { ok, skip } from '../finding.ts'

/** An engine that sees another file system would mount empty directories for every thread. */
export const engineFilesCheck: DoctorCheck = {
  name: 'engine-files',
  run: async (see, signal) => {
    const ground = await probeGround(see)
    if (typeof ground === 'string') return skip(`Not measured: ${ground}.`)
    const { sight, owner, homeUser, home, hostHome, image } = ground
    await probeFiles({ engine: sight.engine, clock: see.clock, owner, traits: sight.traits, homeUser, home, hostHome, reference: image }, signal)
    return ok(`A container read a word that was just written in ${home}: the engine sees this machine's files.`)
  },
}
