import { spawn } from 'node:child_process'
import type { Command } from 'commander'
import { action, common, type Run } from './cli.ts'

/** A way into the screens for a browser, once. */
export function addOpenCommand(program: Command, run: Run): void {
  common(program.command('open'))
    .description('log a browser in: opens it, or prints the link where there is no display')
    .option('-p, --print', 'only print the link')
    .addHelpText('after', '\nExamples:\n  berth open\n  ssh -L 7878:127.0.0.1:7878 host   # then, on host: berth open --print\n')
    .action(
      action(run, async (cli, { print }: { print?: boolean }) => {
        const link = await cli.withEngine((client) => client.call('login_link', {}, { signal: cli.signal }))
        const opener = print === true || cli.json ? null : openerFor(process.platform, cli.io.env)
        if (opener) start(opener, link.url)
        await cli.show(link, () => `${link.url}\n`)
        if (!cli.json) cli.io.stderr.write(`${opener ? 'Opening it in a browser. ' : ''}It logs one browser in, once, within 5 minutes.\n`)
      }),
    )
}

/** The system's own command to open an address; null where nobody would see it. */
export function openerFor(platform: NodeJS.Platform, env: NodeJS.ProcessEnv): readonly string[] | null {
  if (platform === 'darwin') return ['open']
  if (platform === 'win32') return ['explorer.exe']
  return env['DISPLAY'] || env['WAYLAND_DISPLAY'] ? ['xdg-open'] : null
}

function start([command = '', ...words]: readonly string[], url: string): void {
  const child = spawn(command, [...words, url], { stdio: 'ignore', detached: true })
  // The link is printed as well, so that nothing is lost where there is no such command.
  child.on('error', () => undefined)
  child.unref()
}
