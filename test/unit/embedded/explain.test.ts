import { describe, expect, it } from 'vitest'
import type { IsolationFacts } from '../../../main/backends/embedded/isolation.ts'
import { explain } from '../../../main/backends/embedded/isolation.ts'

const fine: IsolationFacts = {
  platform: 'linux',
  distribution: ['debian'],
  installed: true,
  output: 'bwrap: setting up uid map: Permission denied',
  apparmorRestricts: null,
  unprivilegedUserns: '1',
  maxUserNamespaces: '96365',
  insideContainer: false,
}

describe('why isolation fails', () => {
  it.each([
    [['debian'], 'apt-get install bubblewrap'],
    [['linuxmint', 'ubuntu', 'debian'], 'apt-get install bubblewrap'],
    [['rocky', 'rhel', 'centos', 'fedora'], 'dnf install bubblewrap'],
    [['manjaro', 'arch'], 'pacman -S bubblewrap'],
    [['opensuse-leap', 'suse', 'opensuse'], 'zypper install bubblewrap'],
    [['alpine'], 'apk add bubblewrap'],
  ])('not installed on %s: %s', (distribution, command) => {
    const { reason, fix } = explain({ ...fine, installed: false, distribution })
    expect(reason).toContain('not installed')
    expect(fix).toEqual([expect.stringContaining(command)])
  })

  it('not installed on something unknown: names the usual three', () => {
    expect(explain({ ...fine, installed: false, distribution: ['plan9'] }).fix[0]).toMatch(/apt-get .*dnf .*pacman /)
  })

  it.each([
    ['Ubuntu 24.04', { apparmorRestricts: '1' }, /AppArmor/, /apparmor_parser/],
    ['older Debian', { unprivilegedUserns: '0' }, /unprivileged_userns_clone/, /sysctl -w kernel.unprivileged_userns_clone=1/],
    ['a hardened host', { maxUserNamespaces: '0' }, /max_user_namespaces/, /sysctl -w user.max_user_namespaces/],
    ['a container', { insideContainer: true }, /container/, /seccomp=unconfined/],
    ['whatever else', {}, /cannot make a sandbox/, /bwrap --unshare-all/],
    ['macOS', { platform: 'darwin' }, /Linux only/, /Docker/],
  ] as const)('%s', (_, facts, reason, fix) => {
    const explained = explain({ ...fine, ...facts })
    expect(explained.reason).toMatch(reason)
    expect(explained.fix[0]).toMatch(fix)
  })

  it('does not blame AppArmor for what is not a permission', () => {
    expect(explain({ ...fine, apparmorRestricts: '1', output: "bwrap: Can't find source path /usr" }).reason).not.toContain('AppArmor')
  })
})
