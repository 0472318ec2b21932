import { describe, it } from 'vitest'

/** What a suite may need of the machine. */
export type Part = 'docker' | 'lite-image' | 'bubblewrap' | 'chromium' | 'xvfb' | 'root' | 'own-engine' | 'python' | 'ripgrep' | 'fuse'

/** By part: null if it is here, else why it is not. Set by probe-parts.ts before any test runs. */
export const partsVariable = 'BERTH_TEST_PARTS'

export interface Needs {
  readonly available: boolean
  /** Why not; null if available. */
  readonly reason: string | null
  /** As vitest's `describe`; without the parts the suite is skipped under its name and the reason, or fails where they are required. */
  readonly describe: (name: string, body: () => void) => void
}

/**
 * `needs('docker').describe('...', () => { ... })`. BERTH_REQUIRE (a list, or `all`) turns a missing part from a
 * skipped suite into a failed one.
 */
export function needs(...parts: readonly Part[]): Needs {
  const known = JSON.parse(process.env[partsVariable] ?? '{}') as Partial<Record<Part, string | null>>
  const missing = parts.filter((part) => known[part] !== null)
  if (missing.length === 0) return { available: true, reason: null, describe: (name, body) => void describe(name, body) }
  const reason = missing.map((part) => `${part}: ${known[part] ?? 'not probed'}`).join('; ')
  const required = missing.filter((part) => isRequired(part, process.env['BERTH_REQUIRE']))
  return {
    available: false,
    reason,
    describe: (name, body) => {
      if (required.length === 0) describe.skip(`${name} [needs ${reason}]`, body)
      else
        describe(name, () => {
          it(`has ${required.join(', ')}`, () => {
            throw new Error(`required here, but missing: ${reason}`)
          })
        })
    },
  }
}

function isRequired(part: Part, list: string | undefined): boolean {
  const names = (list ?? '').split(',').map((name) => name.trim())
  return names.includes('all') || names.includes(part)
}
