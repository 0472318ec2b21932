import { describe, expect, it } from 'vitest'
import { fail } from '../../../shared/errors.ts'
import { parseHost } from '../../../main/backends/docker/connect.ts'
import { engineNeed, judgeEngine } from '../../../main/doctor/checks/container-engine.ts'
import { troubleOf, type EngineSight } from '../../../main/doctor/engine-sight.ts'
import { distributionOf, groupsOf, type Host } from '../../../main/doctor/machine.ts'

const debian: Host = {
  platform: 'linux',
  distribution: ['debian'],
  root: false,
  user: 'ada',
  services: 'systemd',
  installed: [],
  groups: groupsOf('root:x:0:\ndocker:x:111:\nada:x:1000:\n'),
}
const socket = parseHost('unix:///var/run/docker.sock', 'the default socket', null)

function absent(code: string, more: Partial<EngineSight & { answers: false }> = {}): EngineSight {
  const error = fail('ENGINE_MISSING', 'There is no container engine', { next: 'Install Docker.' })
  return { answers: false, endpoint: socket, trouble: troubleOf(code), error, usual: null, socketGid: 111, ...more }
}

describe('which engine a machine lacks, and what gives it one', () => {
  const cases: [string, EngineSight, Partial<Host>, RegExp][] = [
    ['installed and stopped, systemd', absent('ECONNREFUSED'), { installed: ['docker'] }, /^sudo systemctl enable --now docker$/],
    ['installed and stopped, root on OpenRC', absent('ENOENT'), { installed: ['docker'], root: true, services: 'openrc' }, /^rc-service docker start$/],
    ['installed where nothing starts services', absent('ENOENT'), { installed: ['docker'], root: true, services: null }, /^dockerd /],
    ['Docker Desktop for macOS', absent('ENOENT'), { platform: 'darwin', installed: ['docker-desktop'] }, /^open -a Docker$/],
    ['Colima', absent('ENOENT'), { platform: 'darwin', installed: ['colima'] }, /^colima start$/],
    ['Podman alone', absent('ENOENT'), { installed: ['podman'] }, /podman\.socket.*DOCKER_HOST=unix:/],
    ['nothing, Debian', absent('ENOENT'), {}, /^sudo apt-get install docker\.io && .*usermod -aG docker ada/],
    ['nothing, a relative of Debian', absent('ENOENT'), { distribution: ['mint', 'ubuntu', 'debian'] }, /apt-get install docker\.io/],
    ['nothing, Fedora as root', absent('ENOENT'), { distribution: ['fedora'], root: true }, /^dnf install moby-engine && systemctl enable --now docker$/],
    ['nothing, Alpine', absent('ENOENT'), { distribution: ['alpine'], services: 'openrc' }, /apk add docker && sudo rc-service docker start/],
    ['nothing, macOS', absent('ENOENT'), { platform: 'darwin' }, /brew install --cask docker/],
    ['nothing, Windows', absent('ENOENT'), { platform: 'win32' }, /winget install/],
    ['not in the group', absent('EACCES'), { installed: ['docker'] }, /^sudo usermod -aG docker ada/],
    ['in the group since this login', absent('EACCES'), { groups: groupsOf('docker:x:111:ada') }, /^newgrp docker/],
    ['a socket of root alone', absent('EACCES', { socketGid: 0 }), {}, /chgrp docker \/var\/run\/docker\.sock/],
    [
      'DOCKER_HOST names another place',
      absent('ENOENT', { endpoint: parseHost('unix:///x.sock', 'DOCKER_HOST', null), usual: 'unix:///var/run/docker.sock' }),
      {},
      /^unset DOCKER_HOST/,
    ],
    [
      'a context names another place',
      absent('ENOENT', { endpoint: parseHost('unix:///x.sock', 'docker context “far”', null), usual: 'unix:///var/run/docker.sock' }),
      {},
      /docker context use default/,
    ],
    ['it hangs', absent(''), { installed: ['docker'] }, /systemctl restart docker/],
  ]
  it.each(cases)('%s', (_, sight, host, fix) => {
    const found = judgeEngine(sight, 'needed', { ...debian, ...host })
    expect(found.status).toBe('fail')
    expect(found.fix).toMatch(fix)
  })

  it('fails only where no sandbox can be had without it', () => {
    expect(judgeEngine(absent('ENOENT'), 'preferred', debian)).toMatchObject({ status: 'warn', text: expect.stringContaining('bubblewrap') })
    expect(judgeEngine(absent('ENOENT'), 'unused', debian)).toMatchObject({ status: 'skip', fix: null })
  })
})

describe('whether an engine is needed', () => {
  const auto = { backend: 'auto', provisioner_url: null } as const
  it.each([
    [{ backend: 'docker', provisioner_url: null }, { usedDocker: false, isolated: true }, 'needed'],
    [auto, { usedDocker: true, isolated: true }, 'needed'],
    [auto, { usedDocker: false, isolated: false }, 'needed'],
    [auto, { usedDocker: false, isolated: true }, 'preferred'],
    [{ backend: 'auto', provisioner_url: 'http://127.0.0.1:1' }, { usedDocker: true, isolated: false }, 'unused'],
    [{ backend: 'embedded', provisioner_url: null }, { usedDocker: true, isolated: false }, 'unused'],
  ] as const)('%o %o: %s', (config, at, need) => {
    expect(engineNeed(config, at)).toBe(need)
  })
})

it('reads os-release and the group file', () => {
  expect(distributionOf('NAME="Linux Mint"\nID=linuxmint\nID_LIKE="ubuntu debian"\n')).toEqual(['linuxmint', 'ubuntu', 'debian'])
  expect(groupsOf('docker:x:111:ada,bob\n\nbad line')).toEqual([{ name: 'docker', gid: 111, members: ['ada', 'bob'] }])
})
