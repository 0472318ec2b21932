import { engineAdvice } from './engine-advice.ts'
import { surroundings, type DoctorOptions } from './surroundings.ts'

/** What this machine has to run sandboxes with, and how it gets what it lacks: commands as they stand. */
export interface EngineOutlook {
  /** Name and version of the container engine that answers. */
  readonly engine: string | null
  /** Why none answers. */
  readonly problem: string | null
  readonly isolation: boolean
  readonly fixes: readonly { readonly text: string; readonly command: string | null }[]
}

/** `bubblewrap`: whether it would help; trying it starts processes. */
export async function engineOutlook(options: DoctorOptions, { bubblewrap }: { bubblewrap: boolean }): Promise<EngineOutlook> {
  const see = surroundings(options)
  try {
    const [sight, isolation, host] = await Promise.all([see.engine(), bubblewrap ? see.isolation() : null, see.host()])
    const fixes: { text: string; command: string | null }[] = []
    if (!sight.answers) {
      const [first = '', ...rest] = engineAdvice(sight, host).split('\n')
      fixes.push(asFix('Give Berth a container engine', first, rest.join(' ')))
    }
    if (isolation && !isolation.works && !sight.answers) for (const one of isolation.fix.slice(0, 2)) fixes.push(asFix('Or let it isolate commands with bubblewrap', one, ''))
    return {
      engine: sight.answers ? `${sight.traits.name} ${sight.traits.version}` : null,
      problem: sight.answers ? null : sight.error.message,
      isolation: isolation?.works ?? false,
      fixes,
    }
  } finally {
    await see.close()
  }
}

/** An advice that begins like a command is one; its remark in parentheses is not. */
function asFix(title: string, advice: string, more: string): { text: string; command: string | null } {
  const [, command = '', remark = ''] = /^(.*?)\s{2,}\((.*)\)$/.exec(advice) ?? [null, advice, '']
  const runnable = /^(?:sudo|apt|dnf|pacman|zypper|apk|brew|winget|open|systemctl|newgrp|unset|colima|podman|dockerd|net|usermod|sysctl|echo|printf|docker) /.test(command)
  const text = [title, remark, more].filter((part) => part !== '').join('. ')
  return runnable ? { text, command } : { text: [title, command, remark, more].filter((part) => part !== '').join('. '), command: null }
}
