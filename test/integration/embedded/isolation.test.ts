import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readProcesses } from '../../../main/backends/embedded/processes.ts'
import type { Found } from '../../../main/backends/backend.ts'
import type { Account, Hosting } from '../../support/embedded-hosting.ts'
import { host, ordinaryUser } from '../../support/embedded-hosting.ts'
import { httpTalk, untilReady } from '../../support/sandbox-talk.ts'
import type { TempDir } from '../../support/temp-dir.ts'
import { tempDir } from '../../support/temp-dir.ts'

const secret = 'engine-secret-5f1c'

/** Everything an agent could try from inside, as the one who runs the tests, and as an ordinary user where that is root. */
function isolationOf(who: string, account: () => Account | null): void {
  describe(`inside a sandbox of ${who}`, () => {
    let hosting: Hosting
    let outside: TempDir
    let sandbox: { key: string; found: Found }
    const talk = httpTalk()
    const run = (command: string) => talk.exec(sandbox.found, sandbox.key, command)
    const output = async (command: string) => (await run(command)).stdout.trim()

    beforeAll(async () => {
      outside = await tempDir('outside')
      writeFileSync(join(outside.path, 'private'), 'not for agents')
      const data = join(outside.path, 'data')
      mkdirSync(data)
      const as = account()
      if (as) execFileSync('chown', [String(as.uid), data])
      execFileSync('chmod', ['755', outside.path])
      hosting = await host({
        sandboxes: 1,
        as,
        inherited: outside.path,
        env: { ENGINE_SECRET: secret, HTTP_PROXY: 'http://user:pass@proxy.invalid:3128' },
        mounts: [{ source: data, target: '/mnt/user-data', readonly: false }],
      })
      sandbox = (await hosting.made)[0]!
      await untilReady(talk, sandbox.found, sandbox.key)
    })
    afterAll(async () => {
      await hosting?.end()
      await outside.remove()
    })

    it('stands whatever an agent ends its own programs by', async () => {
      await run('pkill -f "n[o]de"; pkill -f "s[e]rver|s[a]ndbox|p[y]thon"; pkill -HUP -f "w[a]rden"; kill 1; kill -9 1; kill -TERM -1; kill -INT -1')
      expect(await output('echo alive')).toBe('alive')
    })

    it('has no socket of an engine, no home, no secret of the machine', async () => {
      for (const path of ['/run/docker.sock', '/var/run/docker.sock', '/etc/shadow', '/root', '/etc/ssl/private', '/var/lib', '/sys', '/boot']) {
        expect(await output(`test -e ${path} && echo there`), path).toBe('')
      }
      for (const path of [hosting.home, outside.path, join(outside.path, 'private')]) expect(await output(`test -e ${path} && echo there`), path).toBe('')
      expect(await output('ls -A /home')).toBe('gem')
      // For a moment after a command the server makes pipes for later ones in /tmp.
      await expect.poll(() => output('ls -A /run /tmp/. /home/gem | grep -v :')).toBe('')
      const hostUsers = readFileSync('/etc/passwd', 'utf8')
        .split('\n')
        .map((line) => line.split(':')[0])
        .filter(Boolean)
      const users = (await output('cut -d: -f1 /etc/passwd')).split('\n')
      expect(users).toEqual(['gem', 'nobody'])
      expect(hostUsers.length).toBeGreaterThan(users.length)
      expect(await output('hostname')).not.toBe(hostname())
    })

    it('is a place where programs work', async () => {
      expect(await output('id -un; echo $HOME; cd ~ && echo x > f && cat f')).toBe('gem\n/home/gem\nx')
      expect(await output('getent hosts localhost > /dev/null && mktemp > /dev/null && date +%Z > /dev/null && echo ok')).toBe('ok')
      expect(await output('printf "%s" "$SPEC_SECRET"')).toBe('of-the-spec-only')
      expect(await output('echo hi > /mnt/user-data/file && cat /mnt/user-data/file')).toBe('hi')
      expect(readFileSync(join(outside.path, 'data', 'file'), 'utf8')).toBe('hi\n')
    })

    it('writes nothing of the machine, as root neither', async () => {
      const paths = [
        '/usr/x',
        '/usr/bin/env',
        '/etc/x',
        '/etc/passwd',
        '/etc/hosts',
        '/etc/resolv.conf',
        '/x',
        '/mnt/x',
        '/opt/warden/warden',
        '/opt/warden/x',
        // A kernel lets uid 0 write these by their mode alone; core_pattern is a way out.
        '/proc/sys/kernel/core_pattern',
        '/proc/sys/kernel/hostname',
        '/proc/sys/vm/panic_on_oom',
        '/proc/sysrq-trigger',
        '/proc/mtrr',
      ]
      for (const path of paths) expect((await run(`: >> ${path}`)).exitCode, path).not.toBe(0)
      expect(
        await output(
          `find /proc -maxdepth 4 -path '/proc/[0-9]*' -prune -o -path /proc/self -prune -o -type f -writable -print 2>/dev/null | while read f; do (: >> $f) 2>/dev/null && echo $f; done`,
        ),
      ).toBe('')
      expect(await output('grep -E "^Cap(Inh|Prm|Eff|Bnd|Amb)" /proc/self/status | grep -v 0000000000000000')).toBe('')
      expect(await output('grep NoNewPrivs /proc/self/status')).toMatch(/1$/)
    })

    it('cannot undo that with mounts or a user namespace of its own', async () => {
      for (const prefix of ['', 'unshare -Urm ', 'unshare -Urmpf ']) {
        const tries = 'umount -l /proc/sys; mount -o remount,rw,bind /proc/sys; mount -o remount,rw /usr; mount -t proc none /tmp; mknod /tmp/disk b 8 0'
        expect((await run(`${prefix}bash -c '${tries}; : >> /proc/sys/kernel/core_pattern'`)).exitCode, `core_pattern by ${prefix}`).not.toBe(0)
        expect((await run(`${prefix}bash -c '${tries}; : >> /usr/x'`)).exitCode, `/usr by ${prefix}`).not.toBe(0)
        expect((await run(`${prefix}bash -c '${tries}; head -c1 /tmp/disk'`)).exitCode, `disk by ${prefix}`).not.toBe(0)
      }
    })

    it('sees and reaches no process outside', async () => {
      expect(Number(await output('ls -d /proc/[0-9]* | wc -l'))).toBeLessThan(20)
      expect(await output('readlink /proc/self/ns/pid')).not.toBe(readlinkSync('/proc/self/ns/pid'))
      expect(await output('readlink /proc/self/ns/ipc')).not.toBe(readlinkSync('/proc/self/ns/ipc'))
      // Pid 1 there is bubblewrap, and everything descends from it.
      expect(await output('tr "\\0" " " < /proc/1/cmdline')).toContain('berth-sandbox-of=')
      const pids = [process.pid, process.ppid, hosting.child.pid!, Number.parseInt(sandbox.found.ref, 10)]
      for (const pid of pids) {
        // A small number may be somebody's inside as well; ours are told by what they run.
        expect(await output(`cat /proc/${pid}/cmdline 2>/dev/null | tr '\\0' ' '`), String(pid)).not.toMatch(/vitest|embedded-host/)
      }
      const alive = await output(`for p in ${pids.filter((pid) => pid > 300).join(' ')}; do kill -0 $p && echo $p; done 2>/dev/null`)
      expect(alive).toBe('')
    })

    it("holds neither the engine's environment, nor the key, nor a descriptor from outside", async () => {
      const all = await output("cat /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n'; env; set")
      for (const text of [secret, sandbox.key, 'proxy.invalid']) expect(all).not.toContain(text)
      expect(await output('ls -l /proc/[0-9]*/fd 2>/dev/null | grep -F -e outside -e "' + outside.path + '"')).toBe('')
      const own = await output('for f in /proc/self/fd/*; do [ -d $f/. ] && readlink $f; done')
      expect(own.split('\n').filter((path) => path !== '' && !path.startsWith('/proc'))).toEqual([])
      expect(await output('for p in /proc/[0-9]*; do for f in $p/fd/*; do test -e $f/private && echo $f; done; done')).toBe('')
    })

    it('shows its key and its environment to nobody on the machine', () => {
      const read = (name: string) =>
        readProcesses().flatMap(({ pid }) => {
          try {
            return pid === process.pid ? [] : [readFileSync(`/proc/${pid}/${name}`, 'utf8')]
          } catch {
            // It ended meanwhile, or its environment is another user's: not shown, which is what is asked here.
            return []
          }
        })
      const commands = read('cmdline')
      expect(commands.some((text) => text.includes(hosting.installation))).toBe(true)
      expect(commands.filter((text) => text.includes(sandbox.key) || text.includes('of-the-spec-only'))).toEqual([])
      expect(read('environ').filter((text) => text.includes(sandbox.key))).toEqual([])
    })

    it('leaves the host directory as the host user can handle it', async () => {
      await run('mkdir -p /mnt/user-data/deep/er && echo x > /mnt/user-data/deep/er/f')
      expect(readdirSync(join(outside.path, 'data', 'deep', 'er'))).toEqual(['f'])
      const as = account()
      const owner = execFileSync('stat', ['-c', '%u', join(outside.path, 'data', 'deep', 'er', 'f')], { encoding: 'utf8' }).trim()
      expect(Number(owner)).toBe(as ? as.uid : process.getuid!())
    })
  })
}

isolationOf('the one who runs the tests', () => null)
if (process.getuid?.() === 0) isolationOf('an ordinary user', ordinaryUser)
