import { describe, expect, it } from 'vitest'
import { wayToStart } from '../../../scripts/lib/desktop-plan.mjs'

const now = Date.parse('2026-01-02T00:00:00Z')
const person = {
  platform: 'linux',
  root: false,
  env: { DISPLAY: ':0' } as Record<string, string>,
  args: [] as string[],
  installed: true,
  failedAt: null as number | null,
  now,
}

describe('npm start', () => {
  it.each([
    ['opens the app where there is a display and Electron', {}, 'desktop'],
    ['opens it on Wayland', { env: { WAYLAND_DISPLAY: 'wayland-0' } }, 'desktop'],
    ['fetches Electron first', { installed: false }, 'install'],
    ['serves without a display', { env: {} }, 'serve'],
    ['serves as root', { root: true }, 'serve'],
    ['serves with the arguments of serve', { args: ['--json'] }, 'serve'],
    ['serves where the app is not wanted', { env: { DISPLAY: ':0', BERTH_DESKTOP: 'off' } }, 'serve'],
    ['serves while a failure is less than a day old', { installed: false, failedAt: now - 86_000_000 }, 'serve'],
    ['tries again after a day', { installed: false, failedAt: now - 87_000_000 }, 'install'],
    ['tries again when the clock was set back', { installed: false, failedAt: now + 1000 }, 'install'],
    ['opens it all the same once somebody has fetched it', { failedAt: now - 1000 }, 'desktop'],
    ['serves over ssh to a Mac', { platform: 'darwin', env: { SSH_CONNECTION: 'x' } }, 'serve'],
    ['opens it on a Mac', { platform: 'darwin', env: {} }, 'desktop'],
    ['opens it on Windows', { platform: 'win32', env: {} }, 'desktop'],
  ])('%s', (_name, facts, expected) => expect(wayToStart({ ...person, ...facts }).do).toBe(expected))
  it('says why the app did not open only where it could have been expected', () => {
    expect(wayToStart({ ...person, installed: false, failedAt: now - 1000 }).why).toContain('install-electron')
    expect(wayToStart({ ...person, root: true }).why).toBeNull()
  })
})
