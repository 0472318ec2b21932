import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { describe, expect, it } from 'vitest'
import { places } from '../../../app/boot/shell-paths.ts'

const root = join(import.meta.dirname, '..', '..', '..')
const config = parse(readFileSync(join(root, 'electron-builder.yml'), 'utf8')) as {
  electronFuses: Record<string, boolean>
  files: string[]
  extraResources: { from: string; to: string }[]
  linux: Platform
  mac: Platform
  win: Platform
}
interface Platform {
  target: string[]
  icon: string
  extraResources: { from: string; to: string }[]
}

describe('the package', () => {
  it('has every fuse that opens a way in burnt, and runs nothing but its archive', () => {
    expect(config.electronFuses).toEqual({
      runAsNode: false,
      enableCookieEncryption: true,
      enableNodeOptionsEnvironmentVariable: false,
      enableNodeCliInspectArguments: false,
      enableEmbeddedAsarIntegrityValidation: true,
      onlyLoadAppFromAsar: true,
      loadBrowserProcessSpecificV8Snapshot: false,
      grantFileProtocolExtraPrivileges: false,
    })
  })
  it('is made for three systems, with icons that are there', () => {
    expect([config.mac.target, config.win.target, config.linux.target]).toEqual([['dmg', 'zip'], ['nsis'], ['AppImage', 'deb']])
    expect([config.mac, config.win, config.linux].map(({ icon }) => existsSync(join(root, icon)))).toEqual([true, true, true])
  })
  it.each(['linux', 'darwin', 'win32'] as const)('carries on %s what lies outside the archive, where the shell looks for it', (platform) => {
    const carried = [...config.extraResources, ...{ linux: config.linux, darwin: config.mac, win32: config.win }[platform].extraResources].map(({ to }) => to)
    const at = places({ here: '/app.asar/out/app', packaged: true, platform, resourcesPath: '/r', env: {}, execPath: '/r/berth' })
    expect(at.resources).toBe('/r/berth/out')
    expect(carried.map((to) => `/r/${to}`)).toEqual(
      expect.arrayContaining([
        at.command,
        `/r/berth/out/node${platform === 'win32' ? '.exe' : ''}`,
        '/r/berth/out',
        '/r/berth/out/renderer',
        '/r/berth/bin/berth.mjs',
      ]),
    )
  })
})
